"""A copy of the log as files: what lies beside the tiles, and how files are written.

    logs                   the logs there are, oldest first, one folder's name a line
    uncovered              entries that are no leaf under a checkpoint yet: lines of JSON
    <log>/checkpoint       the newest checkpoint
    <log>/pruned           there when this is all that is left of that year, by the published policy
    <log>/tile/…           hash tiles and entry bundles (`audit.tiles`)
    <log>/columns/N        of each entry in bundle N the columns that repeat its body, a line each
    <log>/checkpoints/N    checkpoints whose last leaf is in bundle N: lines of JSON

N is written as in the names of tiles: a bundle that is not full has `.p/<width>`. Files of full
bundles never change. Needs the standard library alone.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from audit.tiles import Tile, place

LOGS: Final = "logs"
UNCOVERED: Final = "uncovered"
LOG_NAME: Final = re.compile(r"[0-9]{4}")

PRUNED: Final = "pruned"
KEPT_YEARS: Final = 3
"""The published policy: for so many full years after its own the entries of a log are kept."""

QUEUED: Final = "queued"
"""The one state that an uncovered entry may be in; any other says how it was lost."""


def columns_path(bundle: Tile) -> str:
    """Where the columns of a bundle's entries lie, below the log's folder."""
    return f"columns/{place(bundle.index, bundle.width)}"


def history_path(bundle: Tile) -> str:
    """Where the checkpoints lie whose last leaf is in the bundle."""
    return f"checkpoints/{place(bundle.index, bundle.width)}"


def columns_of(body: Mapping[str, Any]) -> str:
    """The line of columns that fits a body."""
    get = body.get
    return (
        f"{get('entry_uuid')}\t{get('occurred_at')}\t{get('event')}"
        f"\t{get('org_ref', '')}\t{get('subject_ref', '')}\t{get('consent_id', '')}\n"
    )


def checkpoint_line(size: int, origin: str, root: bytes, note: str) -> str:
    """One checkpoint with its columns, and the cosignatures in its note."""
    columns = {"size": size, "origin": origin, "root": base64.b64encode(root).decode()}
    return json.dumps({**columns, "note": note}) + "\n"


def uncovered_line(columns: str, body: bytes, state: str) -> str:
    """One entry that is under no checkpoint."""
    sealed = base64.b64encode(body).decode()
    return json.dumps({"columns": columns, "body": sealed, "state": state}) + "\n"


def write(path: Path, content: bytes) -> None:
    """Put a file in its place whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
