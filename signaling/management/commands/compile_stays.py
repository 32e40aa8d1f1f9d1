"""`manage.py compile_stays`: stays from event files to Parquet, without service or database."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling import files, rule
from signaling.geography import BadPlacesError, read_places
from signaling.reading import UnreadableFileError, expand


class Command(BaseCommand):
    help = (
        "Compile the stays of event files (imsi, timestamp, cgi, event_type; CSV, gzip or Parquet)"
        " into Parquet files with imsi, city_code, start, end, kind and alt_city_code."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", nargs="+", type=Path, required=True, metavar="PATH")
        parser.add_argument("--cells", nargs="+", type=Path, required=True, metavar="PATH")
        parser.add_argument(
            "--cities", type=Path, metavar="PATH", help="GeoJSON; needed for borders"
        )
        parser.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="an empty folder"
        )
        parser.add_argument("--engine", choices=["duckdb"], default="duckdb")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            summary = files.compile_files(
                event_files=expand(options["events"]),
                cell_files=expand(options["cells"]),
                places=read_places(options["cities"]) if options["cities"] else [],
                out=options["out"],
                parameters=rule.Parameters(),
            )
        except (UnreadableFileError, BadPlacesError) as error:
            raise CommandError(str(error)) from None
        seconds = time.monotonic() - began
        write = self.stdout.write
        write(f"{summary.events} events, rule {rule.VERSION}, {seconds:.1f} s")
        write(f"{summary.unknown_cells} at unknown cells, left out")
        for reason, rows in sorted(summary.rejected.items()):
            write(f"{rows} rejected: {reason}")
        write(
            ", ".join(f"{rows} {kind}" for kind, rows in sorted(summary.stays.items()))
            or "no stays"
        )
        if any(options["out"].glob("rejects.csv")):
            write(f"rejected rows are named in {options['out'] / 'rejects.csv'}")
