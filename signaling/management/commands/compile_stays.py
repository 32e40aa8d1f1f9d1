"""`manage.py compile_stays`: stays from event files to Parquet, without service or database."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling import files, rule
from signaling.geography import BadPlacesError, Place, read_places
from signaling.reading import UnreadableFileError, expand

HOW_TO_GET_SPARK = "pip install --require-hashes -r requirements-spark.txt"


class Command(BaseCommand):
    help = (
        "Compile the stays of event files (imsi, timestamp, cgi, event_type; CSV, gzip or Parquet)"
        " into Parquet files with imsi, city_code, start, end, kind and alt_city_code."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", nargs="+", required=True, metavar="PATH")
        parser.add_argument("--cells", nargs="+", type=Path, required=True, metavar="PATH")
        parser.add_argument(
            "--cities", type=Path, metavar="PATH", help="GeoJSON; needed for borders"
        )
        parser.add_argument("--out", required=True, metavar="DIR", help="an empty folder")
        parser.add_argument(
            "--engine",
            choices=["duckdb", "spark"],
            default="duckdb",
            help="spark: on a cluster, or where it reads from; events and out may be its URLs",
        )
        parser.add_argument("--master", metavar="URL", help="Spark's master (default: local[*])")

    def handle(self, *args: Any, **options: Any) -> None:
        """What is written says where phones were: it is for whoever runs this, and nobody else."""
        before = os.umask(0o077)
        try:
            self._compile(options)
        finally:
            os.umask(before)

    def _compile(self, options: dict[str, Any]) -> None:
        began = time.monotonic()
        out = options["out"]
        try:
            places = read_places(options["cities"]) if options["cities"] else []
            compiled = _on_spark if options["engine"] == "spark" else _on_duckdb
            summary = compiled(options, expand(options["cells"]), places)
        except (UnreadableFileError, BadPlacesError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename or out}: {error.strerror or error}") from None
        seconds = time.monotonic() - began
        write = self.stdout.write
        write(f"{summary.events} events, rule {rule.VERSION}, {seconds:.1f} s")
        write(f"{summary.unknown_cells} at unknown cells, known by their country at most")
        write(f"{summary.jumps} jumps that no vehicle could make, dropped")
        for reason, rows in sorted(summary.rejected.items()):
            write(f"{rows} rejected: {reason}")
        write(
            ", ".join(f"{rows} {kind}" for kind, rows in sorted(summary.stays.items()))
            or "no stays"
        )
        if set(summary.rejected) - {files.BAD_CELL}:
            write(f"rejected rows are named in {out.rstrip('/')}/{files.REJECTS}")


def _on_duckdb(
    options: dict[str, Any], cells: Sequence[Path], places: Sequence[Place]
) -> files.Summary:
    if options["master"]:
        raise CommandError("--master belongs to --engine spark")
    for path in (*options["events"], options["out"]):
        if "://" in path:
            raise CommandError(f"{path}: DuckDB reads files of this machine; use --engine spark")
    return files.compile_files(
        event_files=expand([Path(path) for path in options["events"]]),
        cell_files=cells,
        places=places,
        out=Path(options["out"]),
        parameters=rule.Parameters(),
    )


def _on_spark(
    options: dict[str, Any], cells: Sequence[Path], places: Sequence[Place]
) -> files.Summary:
    try:
        from signaling.spark import engine, session  # optional: 490 MB, and a Java
    except ModuleNotFoundError:
        raise CommandError(f"Spark is not installed: {HOW_TO_GET_SPARK}") from None
    try:
        return engine.compile_files(
            event_files=options["events"],
            cell_files=cells,
            places=places,
            out=options["out"],
            parameters=rule.Parameters(),
            master=options["master"] or "local[*]",
        )
    except session.NoSparkError as error:
        raise CommandError(str(error)) from None
