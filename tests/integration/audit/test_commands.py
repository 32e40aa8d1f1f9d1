"""`manage.py audit_key`, `audit_policy`, `audit_mirror`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.cosignature import Cosigner
from audit.note import Verifier
from audit.policy import Policy
from audit.witness.logs import Logs

from .conftest import VERIFIER
from .test_sequencer import record


def published() -> Verifier:
    out = StringIO()
    call_command("audit_key", stdout=out)
    return Verifier.parse(out.getvalue())


def test_the_published_key_checks_the_checkpoints(
    as_role: Callable[[str], AbstractContextManager[None]],
    web: psycopg.Connection,
    sequence: Callable[[], None],
) -> None:
    with as_role("sequencer"):
        before = published()
        assert before.public_key == VERIFIER.public_key
        assert before.name.split("/")[1] == "audit"
        record(web)
        sequence()
        # The log has begun: its key has the name it began with.
        assert published() == VERIFIER


def test_what_witnesses_are_told_holds_for_every_year(
    as_role: Callable[[str], AbstractContextManager[None]], tmp_path: Path
) -> None:
    out, next_year = StringIO(), StringIO()
    with as_role("sequencer"):
        call_command("audit_key", for_witnesses=True, stdout=out)
        call_command("audit_key", year=2031, stdout=next_year)
    (tmp_path / "logs").write_text(out.getvalue())
    later = Verifier.parse(next_year.getvalue())
    assert later.name.endswith("/audit/2031")
    assert Logs(tmp_path / "logs").keys(later.name) == [later]


def test_a_policy_is_put_into_force_and_its_weakness_said(
    as_role: Callable[[str], AbstractContextManager[None]], settings: Settings
) -> None:
    keys = [Cosigner(f"w{number}.example", bytes([number]) * 32) for number in range(2)]
    lines = [f"witness w{key.witness.name[1]} {key.witness.vkey}" for key in keys]
    settings.DEMO = False
    said = []
    for end in ("quorum none", "group g 1 w0 w1\nquorum g", "group g 2 w0 w1\nquorum g"):
        settings.AUDIT_WITNESSES = Policy.parse("\n".join([*lines, end]))
        out, problems = StringIO(), StringIO()
        with as_role("owner"):
            call_command("audit_policy", stdout=out, stderr=problems)
        said.append((out.getvalue().strip(), problems.getvalue().strip()))
    assert said == [
        ("as before: 0 of 0 witnesses", "nobody outside remembers the log: set AUDIT_WITNESSES"),
        (
            "from now on: 1 of 2 witnesses",
            "two halves of the witnesses could accept two histories: raise the quorum",
        ),
        ("from now on: 2 of 2 witnesses", ""),
    ]


def test_mirrors_are_added_listed_and_revoked(
    as_role: Callable[[str], AbstractContextManager[None]],
) -> None:
    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("audit_mirror", *arguments, stdout=out)
        return out.getvalue().strip()

    with as_role("owner"):
        token = run("add", "court.example")
        assert len(token) == 43
        assert "court.example: since" in run("list")
        assert token not in run("list")
        run("revoke", "court.example")
        assert run("list") == ""
        for wrong in (("add",), ("revoke", "court.example")):
            with pytest.raises(CommandError):
                run(*wrong)
