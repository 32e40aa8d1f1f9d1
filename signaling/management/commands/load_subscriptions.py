"""`manage.py load_subscriptions PATH…`: which number and which IMSI belonged together, and when."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from signaling.operating import OperatorCommand
from signaling.reading import find_files
from signaling.subscription_files import load_subscriptions


class Command(OperatorCommand):
    help = "Load subscriptions (msisdn, imsi, id_last4, valid_from, valid_to; CSV, gzip, Parquet)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def run(self, options: dict[str, Any]) -> None:
        began = time.monotonic()
        paths, problems = find_files(options["paths"])
        if not paths:
            self.end(problems)
        report = load_subscriptions(paths=paths, complete=not problems)
        self.line("files taken in", report.files)
        self.line("rows in", report.rows)
        self.line("tenures added", report.added)
        self.line("tenures changed", report.changed)
        self.line("unchanged", report.unchanged)
        self.line("left out: everything was erased", report.erased)
        self.reasons("rejected", report.rejected)
        if report.reject_file:
            self.stdout.write(f"  named by line, with what they hold, in {report.reject_file}")
        self.line("seconds", f"{time.monotonic() - began:.1f}")
        if not report.is_fresh:
            self.stdout.write("not a complete load: the subscriptions count as old as before")
        self.end([*problems, *report.unreadable])
