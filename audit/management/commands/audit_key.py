"""`manage.py audit_key`: the public key that checkpoints are checked with."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from audit.note import Signer
from audit.selectors import latest_checkpoint
from audit.sequencer import origin
from core import clock


class Command(BaseCommand):
    """Prints one line, to be published where nobody here can change it alone."""

    help = "Print the log's verifier key (C2SP vkey). Needs AUDIT_SIGNING_KEY."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--year", type=int, help="the key of that year's log, which witnesses need before"
        )
        parser.add_argument(
            "--for-witnesses", action="store_true", help="the line for a witness's file of logs"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        year = options["year"] or clock.now().year
        begun = latest_checkpoint(year)
        name = begun.origin if begun else origin(settings.AUDIT_ORIGIN_HOST, year)
        verifier = Signer(name, settings.AUDIT_SIGNING_KEY).verifier
        if options["for_witnesses"]:
            log, key = name.rpartition("/")[0], verifier.vkey.split("+", 2)[2]
            self.stdout.write(f"yearly {log} {key}")
        else:
            self.stdout.write(verifier.vkey)
