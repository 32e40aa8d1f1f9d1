"""`manage.py load_cells PATH…`: where the network's cells are."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from signaling.loading import load_cells
from signaling.operating import OperatorCommand
from signaling.reading import find_files


class Command(OperatorCommand):
    help = "Load cells (cgi, lon, lat, range_m and optionally city_code; or OpenCelliD's columns)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def run(self, options: dict[str, Any]) -> None:
        paths, problems = find_files(options["paths"])
        if not paths:
            self.end(problems)
        done = load_cells(paths=paths)
        self.line("files taken in", done.files)
        self.line("cells known now", done.cells)
        self.line("outside every place", done.without_city)
        self.reasons("rows rejected", done.rejected)
        if done.reject_file:
            self.stdout.write(f"  named by line in {done.reject_file}")
        self.line("known cells with another city", done.moved)
        if done.moved:
            self.stdout.write("  the next ingest_events compiles everybody anew")
        self.end([*problems, *done.unreadable])
