"""`manage.py smpp_sender`: holds the bind that texts go out through. It has no database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Runs until it is told to stop (SIGTERM or Ctrl-C)."""

    help = "Bind to the SMSC as a transmitter and submit what workers hand over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", default="smpp", choices=["smpp", "smpp_b"])

    def handle(self, *args: Any, **options: Any) -> None:
        from sms_gateway.providers.smpp import processes

        processes.run_sender(options["provider"])
