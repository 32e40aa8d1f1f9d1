import base64
from pathlib import Path

import pytest

from travelcheck.environment import Environment, Problem
from travelcheck.stack.launcher import stand_in


@pytest.fixture
def env() -> Environment:
    return Environment("web")


def test_a_secret_may_come_from_a_file(
    env: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from the file\n")
    monkeypatch.setenv("TOKEN_FILE", str(tmp_path / "token"))
    assert env.text("TOKEN", required=True) == "from the file"
    assert env.problems == []


def test_a_missing_file_is_named(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_FILE", "/nowhere/token")
    env.text("TOKEN")
    assert [problem.variable for problem in env.problems] == ["TOKEN_FILE"]


@pytest.mark.parametrize(
    "value", ["short", "", "not base64 !", base64.b64encode(b"x" * 31).decode()]
)
def test_a_key_has_32_bytes(env: Environment, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DATA_KEY", value)
    env.key("DATA_KEY", needed=True)
    assert [problem.variable for problem in env.problems] == ["DATA_KEY"]


def test_a_process_gets_no_key_it_does_not_need(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_KEY", base64.b64encode(b"x" * 32).decode())
    assert env.key("DATA_KEY", needed=False) == b""
    assert env.key("DATA_KEY", needed=True) == b"x" * 32


def test_what_stands_in_for_the_embedded_server_is_an_address(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `make serve` without a database of one's own ends before it starts."""
    monkeypatch.setenv("DATABASE_URL", stand_in("web"))
    env.database("DATABASE_URL")
    assert env.problems == []


def test_a_database_address_is_read_as_libpq_reads_it(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://tc_web:p%2Fw@%2Frun%2Fpg/tc?sslmode=require")
    database = env.database("DATABASE_URL")
    assert database["HOST"] == "/run/pg"
    assert database["PASSWORD"] == "p/w"
    assert database["OPTIONS"] == {"sslmode": "require"}
    assert env.problems == []


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "postgresql://host-only", "nonsense", ""])
def test_another_database_address_is_named(
    env: Environment, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    env.database("DATABASE_URL")
    assert env.problems[0].variable == "DATABASE_URL"
    assert "postgresql://" in env.problems[0].should_be


def test_other_mistakes_are_named(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TIME_ZONE", "Mars/Olympus")
    monkeypatch.setenv("SMS_PROVIDER", "pigeon")
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://plain.example")
    monkeypatch.setenv("DEMO", "perhaps")
    monkeypatch.setenv("SWEEP_SECONDS", "soon")
    monkeypatch.setenv("MINIMUM_STAY_HOURS", "3")
    env.time_zone("SERVICE_TIME_ZONE", "UTC")
    env.choice("SMS_PROVIDER", ("sandbox", "twilio"), "sandbox", required=False)
    env.choice("SMS_PROVIDER_2", ("sandbox", "twilio"), "sandbox", required=True)
    env.base_url("PUBLIC_BASE_URL", "", secure=True)
    env.flag("DEMO")
    env.number("SWEEP_SECONDS", 5, least=1)
    env.number("MINIMUM_STAY_HOURS", 4, least=4)
    assert env.problems == [
        Problem("SERVICE_TIME_ZONE", "an IANA time zone such as Asia/Shanghai"),
        Problem("SMS_PROVIDER", "sandbox or twilio"),
        Problem("SMS_PROVIDER_2", "sandbox or twilio"),
        Problem("PUBLIC_BASE_URL", "an https:// address outside the demo"),
        Problem("DEMO", "0 or 1"),
        Problem("SWEEP_SECONDS", "a whole number, 1 or more"),
        Problem("MINIMUM_STAY_HOURS", "a whole number, 4 or more"),
    ]
