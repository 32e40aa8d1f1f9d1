"""`manage.py audit_key`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO

import psycopg
from django.core.management import call_command

from audit.note import Verifier

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
