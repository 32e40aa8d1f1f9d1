"""`manage.py audit_sequencer`: the one process that grows the log's tree and signs it."""

import logging
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import make_conninfo

from audit.sequencer import Sequencer, TreeDamagedError

log = logging.getLogger(__name__)


def conninfo() -> str:
    """The database address of this process's role, in libpq's words."""
    database: dict[str, Any] = settings.DATABASES["default"]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    given = {libpq: database[name] for libpq, name in {**names, "port": "PORT"}.items()}
    named = {key: value for key, value in given.items() if value}
    return make_conninfo("", **database.get("OPTIONS", {}), **named)


class Command(BaseCommand):
    """Runs until it is told to stop (SIGTERM or Ctrl-C)."""

    help = "Put entries into the log's tree and sign checkpoints. A second one waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when no entry waits")
        parser.add_argument(
            "--new-key",
            action="store_true",
            help="go on although the last checkpoint was signed with another key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sequencer = Sequencer(
            conninfo(),
            settings.AUDIT_ORIGIN_HOST,
            settings.AUDIT_SIGNING_KEY,
            new_key=options["new_key"],
            policy=settings.AUDIT_WITNESSES,
        )
        if not settings.AUDIT_WITNESSES.quorum and not settings.DEMO:
            log.warning("no witnesses: nobody outside remembers the log (AUDIT_WITNESSES)")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sequencer.stop.set())
        try:
            sequencer.run(once=options["once"])
        except TreeDamagedError as error:
            raise CommandError(f"the log does not agree with itself: {error}") from error
