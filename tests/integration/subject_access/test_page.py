"""A person's own page: what it shows, what is taken away, and that nobody else sees any of it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.cosignature import Cosigner
from tests.integration.audit.conftest import VERIFIER
from tests.integration.inquiry.employers import Employer
from tests.integration.inquiry.talk import Service
from tests.integration.subject_access.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Desk = Callable[[], Visitor]

#: What somebody has who takes the file to a computer of their own.
ALONE = """
import sys
for name in ("django", "psycopg", "core", "travelcheck", "subject_access"):
    sys.modules[name] = None
from audit.verify.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def check(path: Path, *more: str) -> tuple[int, str]:
    """Exit code and line of the verifier, where there is nothing but `cryptography`."""
    arguments = ["--export", str(path), "--key", VERIFIER.vkey, *more]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


@pytest.fixture
def asked_about(service: Service, subscriber: Subscriber) -> str:
    """A number with a TRIP of its own, a visit of it that is said to be wrong, and an answer to an
    organisation whose name is a formula."""
    number = subscriber("330100", "310000")
    service.agree(number)
    service.say(number, "WRONG 1")
    service.say(number, f"OK {service.last_code}")
    Employer(service, "=River Works").ask(number)
    service.work()
    service.arrived(number)
    service.say(number, f"OK {service.last_code}")
    return number


def test_it_shows_all_that_is_held_and_is_taken_away_with_proofs(
    service: Service, desk: Desk, asked_about: str, tmp_path: Path
) -> None:
    other = service.world.number()
    Employer(service, "Other Works").ask(other)
    service.agree(other)
    visitor = desk()
    looks = visitor.open(asked_about)
    assert "=River Works" in looks
    assert "you</strong>, TRIP: delivered" in looks
    consents = visitor.page("consents")
    assert re.search(r"You asked which cities.*OK 000000", consents, re.DOTALL)
    assert re.search(r"=River Works asks if.*NO 000000 or OK 000000", consents, re.DOTALL)
    assert "You say this is wrong: Hangzhou" in consents
    answers = visitor.page("answers")
    assert "The answer was YES." in answers
    assert "to be decided by" in answers
    assert "An answer" in visitor.page("texts")
    assert "You opened this page" in visitor.page("log")

    content = visitor.copy()
    assert "subject.exported" not in {entry["event"] for entry in content["entries"]}
    assert all(entry["proof"] for entry in content["entries"])
    subjects = {json.loads(entry["body"])["subject_ref"] for entry in content["entries"]}
    assert subjects == {content["subject_ref"]}
    written = json.dumps(content)
    assert "Other Works" not in written
    assert other not in written
    assert asked_about not in written
    assert [one["notice"] is not None for one in content["consents"]] == [True] * 3
    assert {"said": "YES"}.items() <= content["answers"][0].items()
    assert any(rule["what"] == "stay-points, coverage" for rule in content["retention"])
    assert any(entry["unsealed"] for entry in content["entries"])

    as_json = tmp_path / "travelcheck.json"
    as_json.write_text(written)
    count = len(content["entries"])
    assert check(as_json) == (0, f"intact: {count} entries stand in {VERIFIER.name}")
    as_zip = tmp_path / "travelcheck.zip"
    as_zip.write_bytes(visitor.post("/me/copy/zip/").content)
    assert check(as_zip)[0] == 0
    with zipfile.ZipFile(as_zip) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read("looks.csv").decode("utf-8-sig"))))
    assert "'=River Works" in {row["asker"] for row in rows}

    service.work()
    assert desk().open(asked_about)
    events = service.world.value(
        "SELECT array_agg(event ORDER BY id) FROM audit_entry WHERE event LIKE 'subject.%%'"
    )
    assert events == ["subject.opened_page", *["subject.exported"] * 2, "subject.opened_page"]


def test_a_file_that_was_changed_is_found_out(
    service: Service, desk: Desk, asked_about: str, tmp_path: Path
) -> None:
    visitor = desk()
    visitor.open(asked_about)
    content = visitor.copy()

    def verdict(change: Callable[[dict[str, Any]], None], *more: str) -> int:
        changed = json.loads(json.dumps(content))
        change(changed)
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(changed))
        return check(path, *more)[0]

    def body(changed: dict[str, Any]) -> None:
        entry = changed["entries"][0]
        entry["body"] = entry["body"].replace('"v":1', '"v":2')

    def swapped(changed: dict[str, Any]) -> None:
        first, second = changed["entries"][:2]
        first["proof"], second["proof"] = second["proof"], first["proof"]

    assert verdict(body) == 1
    assert verdict(swapped) == 1
    assert verdict(lambda c: c["entries"].append(c["entries"][0])) == 1
    assert verdict(lambda c: c["entries"][0].update(receipt="0" * 10)) == 1
    assert verdict(lambda c: c["consents"][0].update(notice="Something else")) == 1
    assert verdict(lambda c: c["entries"][0].update(proof=None)) == 2
    assert verdict(lambda c: c.pop("entries")) == 2
    witness = Cosigner("w.example", b"w" * 32).witness
    policy = tmp_path / "policy"
    policy.write_text(f"witness w {witness.vkey}\nquorum w\nlog {VERIFIER.vkey}\n")
    assert verdict(lambda c: None, "--policy", str(policy)) == 2, "no witness has cosigned"
    assert verdict(body, "--policy", str(policy)) == 1


def test_an_organisation_that_asked_in_vain_shows_with_what_the_person_did(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    number = subscriber("330100")
    service.agree(number)
    employer = Employer(service)
    employer.ask(number)
    service.work()
    service.arrived(number)
    service.say(number, "NO")
    visitor = desk()
    assert "not given, you said NO" in visitor.open(number)
    assert "refused" in visitor.page("consents")
    assert "No organisation was given anything." in visitor.page("answers")


def test_pages_are_turned_and_wrong_addresses_are_none(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    number = subscriber("330100")
    service.agree(number)
    for _ in range(20):
        service.say(number, "LOG")
    visitor = desk()
    visitor.open(number)
    assert "1 of 2" in visitor.page("log")
    assert "2 of 2" in visitor.get("/me/record/log/?page=2").content.decode()
    assert visitor.get("/me/record/nothing/").status_code == 404
    assert visitor.post("/me/copy/pdf/").status_code == 404
    answer = visitor.get("/me/record/")
    assert "no-store" in answer["Cache-Control"]
    assert "no-store" in visitor.post("/me/copy/json/")["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
