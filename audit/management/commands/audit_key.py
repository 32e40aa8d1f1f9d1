"""`manage.py audit_key`: the public key that checkpoints are checked with."""

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

    def handle(self, *args: Any, **options: Any) -> None:
        begun = latest_checkpoint()
        name = begun.origin if begun else origin(settings.AUDIT_ORIGIN_HOST, clock.now().year)
        self.stdout.write(Signer(name, settings.AUDIT_SIGNING_KEY).verifier.vkey)
