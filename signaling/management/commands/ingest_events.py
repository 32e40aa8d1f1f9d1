"""`manage.py ingest_events PATH…`: network events in, stay-points out."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from signaling.operating import OperatorCommand
from signaling.reading import find_files
from signaling.services import ingest_files


class Command(OperatorCommand):
    help = (
        "Take in event files (imsi, timestamp, cgi, event_type; CSV, gzip or Parquet; UTC) and"
        " replace the stay-points of everybody they concern. Without a path: finish an earlier run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")

    def run(self, options: dict[str, Any]) -> None:
        began = time.monotonic()
        paths, problems = find_files(options["paths"])
        if problems and not paths:
            self.end(problems)
        report = ingest_files(
            paths=paths, waiting=lambda: self.stderr.write("waiting for another run to finish")
        )
        self.line("files taken in", report.files)
        if report.known_files:
            self.line("files known already", report.known_files)
        self.line("events in", report.rows)
        self.line("events stored", report.stored)
        self.line("  of them at unknown cells", report.unknown_cells)
        self.reasons("left out, of no use", report.left_out)
        self.reasons("rejected", report.rejected)
        self.line("  of them late", report.late)
        if report.reject_file:
            self.stdout.write(f"  named by line in {report.reject_file.parent}")
        self.line("far jumps dropped", report.jumps)
        self.line("subscribers touched", report.subscribers)
        self.line("stays written, as pieces of days", report.stay_points)
        self.line("seconds", f"{time.monotonic() - began:.1f}")
        self.end([*problems, *report.unreadable])
