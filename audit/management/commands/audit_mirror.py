"""`manage.py audit_mirror`: who outside may keep a copy of the log, entries included."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import services
from audit.models import Mirror


class Command(BaseCommand):
    """`add NAME` prints the token, once; `revoke NAME`; `list`. Names are of organisations."""

    help = "Add, revoke and list mirrors of the log. Runs as owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["add", "revoke", "list"])
        parser.add_argument("name", nargs="?", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        what, name = options["what"], options["name"].strip()
        if what != "list" and not name:
            raise CommandError("which one? add NAME, revoke NAME")
        try:
            if what == "add":
                self.stdout.write(services.add_mirror(name=name))
            elif what == "revoke":
                services.revoke_mirror(name=name)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if what == "list":
            for mirror in Mirror.objects.filter(revoked_at=None).order_by("made_at"):
                read = f"last read {mirror.read_on}" if mirror.read_on else "never read"
                self.stdout.write(f"{mirror.name}: since {mirror.made_at:%Y-%m-%d}, {read}")
