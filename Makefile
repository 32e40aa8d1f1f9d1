# What a newcomer and the continuous integration run. `make help` lists it.
PYTHON ?= python3
JOBS ?= 2
DEBIAN_POSTGRES ?= 15
BIN := .venv/bin

.PHONY: help demo serve test chaos soak bench lint lock
.DEFAULT_GOAL := help

help: ## list what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

demo: .venv/.run ## everything on this machine, with demo data (ONCE=1: scripted conversations)
	@$(BIN)/python manage.py demo $(if $(ONCE),--once)

serve: .venv/.run ## the service, configured by the environment alone
	@$(BIN)/python manage.py serve

test: lint chromium java smsc .venv/.spark ## everything the continuous integration runs
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check
	TEST_POSTGRES=wheel $(BIN)/pytest -n $(JOBS) --dist loadgroup
	@if [ -x /usr/lib/postgresql/$(DEBIAN_POSTGRES)/bin/postgres ]; then \
		echo "again on PostgreSQL $(DEBIAN_POSTGRES): the rooms with functions in the database"; \
		TEST_POSTGRES=$(DEBIAN_POSTGRES) $(BIN)/pytest -n $(JOBS) --dist loadgroup \
			$(wildcard $(patsubst %/sql,tests/integration/%,$(wildcard */sql))) tests/integration/travelcheck; \
	else echo "no PostgreSQL $(DEBIAN_POSTGRES) on this machine: tested on the embedded one only"; fi

chaos: .venv/.dev ## people text while things break (CONVERSATIONS=5000 each; ONLY=Redis: one)
	$(if $(ONLY),,INTERLEAVINGS=10000 \
		SEQUENCER_KILLS=50 SEQUENCER_WRITERS=16 SEQUENCER_ENTRIES=10000 \
		$(BIN)/pytest tests/chaos/test_interleavings.py tests/integration/audit/test_killed.py)
	$(BIN)/python -m tests.chaos.reliability --each $(or $(CONVERSATIONS),5000) \
		$(if $(ONLY),--only "$(ONLY)") --write docs/reliability.md

soak: .venv/.dev ## texts at an even rate, and the memory of every process (MINUTES=30, RATE=10)
	$(BIN)/python -m bench.messages.soak $(or $(MINUTES),30) $(or $(RATE),10)

bench: .venv-bench/.made ## speed and accuracy beside floors and peers (NAME=signaling; QUICK=1: small)
	@QUICK=$(QUICK) .venv-bench/bin/python -m bench $(NAME)

lint: .venv/.dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

lock: .venv/.dev ## pin all requirements again, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@for name in requirements requirements-embedded requirements-dev requirements-bench \
			requirements-bench-mobility requirements-spark; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header $$name.in -o $$name.txt; done

# ------------------------------------------------------------------ the virtual environment
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --require-hashes

.venv/.run: requirements.txt requirements-embedded.txt | .venv/.made
	@echo "installing what the service needs (about a minute)"
	@$(INSTALL) -r requirements.txt -r requirements-embedded.txt
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/.made
	@echo "installing what development and tests need (a minute or two)"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ .venv/.run

.venv/.spark: requirements-spark.txt .venv/.dev
	@echo "installing Spark, for the tests of both engines"
	@$(INSTALL) --quiet -r requirements-spark.txt
	@touch $@

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: set PYTHON to it"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory debian-venv
	@$(PYTHON) -m venv --clear .venv
	@touch $@

BENCH = python -m pip install --disable-pip-version-check --quiet --require-hashes

# scikit-mobility needs an older world around it, and not every Python has that one.
.venv-bench/.made: requirements-bench.txt requirements-bench-mobility.txt | .venv/.made
	@echo "installing what benches compare with (some minutes)"
	@$(PYTHON) -m venv --clear .venv-bench
	@.venv-bench/bin/$(BENCH) -r requirements-bench.txt
	@{ $(PYTHON) -m venv --clear .venv-bench-mobility && \
		.venv-bench-mobility/bin/$(BENCH) -r requirements-bench-mobility.txt; } || \
		{ echo "scikit-mobility does not install here: left out"; rm -rf .venv-bench-mobility; }
	@touch $@

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { \
		as=; if [ "$$(id -u)" != 0 ]; then as="sudo -n"; fi; \
		echo "installing Chromium from Debian, for the tests in a browser"; \
		$$as apt-get update -qq 2>/dev/null && \
		$$as apt-get install -qq -y chromium >/dev/null 2>&1; } || \
		echo "no Chromium here: the tests in a browser are skipped"

.PHONY: java
java:
	@command -v java >/dev/null || [ -x "$$JAVA_HOME/bin/java" ] || { \
		as=; if [ "$$(id -u)" != 0 ]; then as="sudo -n"; fi; \
		echo "installing Java 17 from Debian, for the tests with Spark"; \
		$$as apt-get update -qq 2>/dev/null && \
		$$as apt-get install -qq -y openjdk-17-jre-headless >/dev/null 2>&1; } || \
		echo "no Java here: the tests with Spark are skipped"

.PHONY: smsc
smsc:
	@command -v npm >/dev/null || { \
		as=; if [ "$$(id -u)" != 0 ]; then as="sudo -n"; fi; \
		echo "installing Node.js from Debian, for the tests against an SMPP message centre"; \
		$$as apt-get update -qq 2>/dev/null && \
		$$as apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null 2>&1; } || true
	@cd tests/contract/smpp && { cmp -s package-lock.json node_modules/.made || { \
		npm ci --silent --no-audit --no-fund && cp package-lock.json node_modules/.made; }; } || \
		echo "no SMPP message centre here: the tests against one are skipped"

.PHONY: debian-venv
debian-venv:
	@as=; if [ "$$(id -u)" != 0 ]; then as="sudo -n"; fi; \
	if $$as true 2>/dev/null && command -v apt-get >/dev/null; then \
		echo "installing python3-venv from Debian"; \
		$$as apt-get update -qq && $$as apt-get install -qq -y python3-venv >/dev/null; \
	else echo "python3-venv is missing: apt-get install python3-venv"; exit 1; fi
