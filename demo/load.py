"""Puts the demo's data where the service takes it from, with the ordinary commands.

It can be called at every start: what is there already is left alone, and only days that have
passed since are added. The subscriptions are loaded anew each time, because the service waits when
they are older than 24 hours.
"""

import csv
import gzip
import io
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from core.roles import INGEST
from demo import fortnight, journeys
from travelcheck.stack.folders import ROOT, local_folder
from travelcheck.stack.local import environment_for


class LoadError(Exception):
    """The demo's data could not be loaded; what the command said is in the text."""


def load_demo(progress: Callable[[str], None]) -> None:
    """Write the demo's files under `.local/demo/` and load them as the ingest role."""
    folder = local_folder() / "demo"
    first_start = fortnight.anchor(folder)
    progress("demo: writing invented journeys")
    write_files(folder, first_start, fortnight.today())
    command = [sys.executable, "-m", "demo.feed", str(folder)]
    done = subprocess.Popen(
        command,
        env=environment_for(INGEST),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    assert done.stdout is not None
    for line in done.stdout:
        lines.append(line.rstrip())
        progress(f"demo: {lines[-1]}")
    if done.wait():
        raise LoadError("the demo's data could not be loaded: " + " / ".join(lines[-5:]))


def write_files(folder: Path, first_start: date, current: date) -> None:
    """Cells, subscriptions, and a file of events for each full day; whole or not at all."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    write_csv(
        folder / "cells.csv",
        ("cgi", "lon", "lat", "range_m"),
        ((c.cgi, c.lon, c.lat, c.range_m) for c in journeys.all_cells()),
    )
    write_csv(
        folder / "subscriptions.csv",
        ("msisdn", "imsi", "id_last4", "valid_from", "valid_to"),
        journeys.subscriptions(first_start),
    )
    wanted = {folder / "events" / f"{day}.csv.gz": day for day in fortnight.window(current)}
    for path in set((folder / "events").iterdir()) - wanted.keys():
        path.unlink()
    for path, day in wanted.items():
        if not path.exists():
            write_csv(
                path,
                ("imsi", "timestamp", "cgi", "event_type"),
                (
                    (e.imsi, f"{e.at:%Y-%m-%dT%H:%M:%S}Z", e.cgi, e.event_type)
                    for e in journeys.events(day, first_start)
                ),
            )


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file, gzip by its name; the same rows are the same bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode()
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    unfinished.replace(path)
