"""`docs/log.md` lists what the database takes: no more, no less."""

import re

import psycopg
from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "log.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_events(superuser: psycopg.Connection) -> None:
    found = superuser.execute("SELECT name, restricted, required FROM audit.events()").fetchall()
    documented = [
        (name.strip("`"), gate == "yes", re.findall(r"`(\w+)`", needed))
        for name, gate, needed in rows("Events")
    ]
    assert documented == found


def test_the_fields(superuser: psycopg.Connection) -> None:
    found = superuser.execute("SELECT name, shape FROM audit.fields()").fetchall()
    assert [(name.strip("`"), shape) for name, shape, _ in rows("Fields")] == found
