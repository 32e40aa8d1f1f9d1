"""Runs the loading commands in one process, as the ingest role: `python -m demo.feed FOLDER`."""

import sys
from pathlib import Path

import django
from django.core.management import call_command


def feed(folder: Path) -> None:
    """Load what `demo.load.write_files` wrote. Each command is idempotent."""
    from signaling.models import City

    if not City.objects.exists():
        call_command("load_cities")
    call_command("load_cells", str(folder / "cells.csv"))
    call_command("load_subscriptions", str(folder / "subscriptions.csv"))
    call_command("ingest_events", *sorted(str(p) for p in (folder / "events").glob("*.csv.gz")))


if __name__ == "__main__":
    django.setup()
    feed(Path(sys.argv[1]))
