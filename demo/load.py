"""Writes the demo's files as an operator would hand them over, and has them loaded.

It can be called at every start: what is there already is left alone, and only days that have
passed since are added.
"""

import csv
import gzip
import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from core.roles import INGEST, OWNER, WEB
from demo import employers, fortnight, journeys
from travelcheck.stack.folders import ROOT, StackError, local_folder
from travelcheck.stack.local import environment_for
from travelcheck.stack.supervisor import child_arguments


def load_demo(progress: Callable[[str], None]) -> None:
    """Write the demo's files under `.local/demo/` and load them, as the ingest role; once, register
    who asks and who works here.

    Raises StackError with the last words of the command that failed.
    """
    progress("loading invented people and their journeys")
    run(INGEST, "demo.feed", progress=lambda line: progress(f"  {line}"))
    if not employers.kept():
        progress("registering two employers, an operator and an auditor")
        links: list[str] = []
        run(OWNER, "demo.registry", "staff", progress=links.append)
        run(WEB, "demo.registry", "employers", progress=progress, said="\n".join(links))


def run(role: str, *module: str, progress: Callable[[str], None], said: str = "") -> None:
    """Run a module of the demo as a role, telling it `said`. Raises StackError when it fails."""
    heard: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", *module],
        env=environment_for(role),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **{**child_arguments(signal.SIGTERM), "stdin": subprocess.PIPE},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(said)
            process.stdin.close()
            for line in process.stdout:
                heard.append(line.rstrip())
                progress(heard[-1])
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise StackError(f"the demo's data could not be loaded: {' / '.join(heard[-5:])}")


def prepare_files() -> Path:
    """The folder of the demo's files, with a file for each full day until yesterday."""
    folder = local_folder() / "demo"
    write_files(folder, fortnight.anchor(folder), fortnight.today())
    return folder


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
