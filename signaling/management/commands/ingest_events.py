"""`manage.py ingest_events PATH…`: network events in, stay-points out."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling.locks import StoreIsBusyError
from signaling.reading import UnreadableFileError, expand
from signaling.services import ingest_files


class Command(BaseCommand):
    help = (
        "Take in event files (imsi, timestamp, cgi, event_type; CSV, gzip or Parquet; UTC) and"
        " replace the stay-points of everybody they concern. Without a path: finish an earlier run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            report = ingest_files(
                paths=expand(options["paths"]),
                waiting=lambda: self.stderr.write("waiting for another run to finish"),
            )
        except (UnreadableFileError, StoreIsBusyError) as error:
            raise CommandError(str(error)) from None
        write = self.stdout.write
        seconds = time.monotonic() - began
        write(
            f"{report.files} files taken in, {report.known_files} known already:"
            f" {report.rows} rows, {report.stored} stored"
        )
        for reason, rows in sorted(report.left_out.items()):
            if rows:
                write(f"{rows} left out: {reason}")
        for reason, rows in sorted(report.rejected.items()):
            write(f"{rows} rejected: {reason}")
        if report.reject_file:
            write(f"rejected rows are named in {report.reject_file.parent}")
        write(
            f"{report.subscribers} subscribers compiled, {report.stay_points} stay-points,"
            f" {seconds:.1f} s"
        )
        if report.unreadable:
            raise CommandError("not taken in: " + "; ".join(report.unreadable))
