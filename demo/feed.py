"""Loads the demo's files with the ordinary commands, as the ingest role.

`python -m demo.feed` loads once; with `--keep` it goes on, so that a demo that runs for days gets
each new day, and its subscriptions never grow older than the service accepts (24 hours).
"""

import sys
import time

import django
from django.core.management import call_command

from demo.load import prepare_files

EVERY = 3600.0  # seconds between two looks for a new day


def feed() -> None:
    """Load everything there is. Each command is idempotent, so what is known costs nothing."""
    from signaling.models import City

    folder = prepare_files()
    if not City.objects.exists():
        call_command("load_cities")
    call_command("load_cells", str(folder / "cells.csv"))
    call_command("load_subscriptions", str(folder / "subscriptions.csv"))
    call_command("ingest_events", *sorted(str(p) for p in (folder / "events").glob("*.csv.gz")))


def main(*arguments: str) -> None:
    django.setup()
    keep = "--keep" in arguments
    if not keep:
        feed()
    while keep:
        time.sleep(EVERY)
        feed()


if __name__ == "__main__":
    main(*sys.argv[1:])
