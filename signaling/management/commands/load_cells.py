"""`manage.py load_cells PATH…`: where the network's cells are."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling.loading import load_cells
from signaling.locks import StoreIsBusyError
from signaling.reading import UnreadableFileError, expand


class Command(BaseCommand):
    help = "Load cells (cgi, lon, lat, range_m and optionally city_code; or OpenCelliD's columns)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_cells(paths=expand(options["paths"]))
        except (UnreadableFileError, StoreIsBusyError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{done.cells} cells, {done.rejected} rows rejected,"
            f" {done.without_city} cells outside every place"
        )
        if done.moved:
            self.stdout.write(
                f"{done.moved} known cells changed city: the next ingest_events compiles anew"
            )
        if done.reject_file:
            self.stdout.write(f"rejected rows: {done.reject_file}")
