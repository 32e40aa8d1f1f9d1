"""`manage.py audit_export DIR`: the log as files, to verify and to keep elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.export import FolderError, export


class Command(BaseCommand):
    """Run again into the same folder, it adds what is new."""

    help = "Write the log to a folder as C2SP tlog-tiles with columns. Leaves an entry."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            logs, waiting = export(options["folder"])
        except (FolderError, OSError) as error:
            raise CommandError(str(error)) from error
        for log, size, had in logs:
            self.stdout.write(f"{log}: {size} entries, {size - had} of them new")
        self.stdout.write(f"{waiting} entries wait for a checkpoint")
