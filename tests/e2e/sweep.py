"""Looks for canaries in a database dump, in Redis and in files; compares with the allow-list."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import duckdb

from tests.e2e.canaries import KINDS, Needle

ALLOW_LIST = Path(__file__).with_name("canaries.toml")


@dataclass(frozen=True, slots=True)
class Find:
    """A canary's kind where it was found: `place` is `table.column`, a file, or a part of Redis."""

    kind: str
    place: str
    form: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where a kind may be. `place` is a pattern; `must` says that it is there after a full run."""

    kind: str
    place: str
    must: bool


def read_allow_list(path: Path = ALLOW_LIST) -> list[Allowed]:
    """The committed list; an entry without a reason or of an unknown kind is an error."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["allowed"]
    for entry in entries:
        if not entry["why"].strip() or not set(entry["kinds"]) <= set(KINDS):
            raise ValueError(f"{path}: {entry['place']} needs a reason and known kinds")
    return [
        Allowed(kind, entry["place"], entry.get("must", True))
        for entry in entries
        for kind in entry["kinds"]
    ]


def outside(finds: Iterable[Find], allowed: Sequence[Allowed]) -> list[Find]:
    """What was found where it has no business."""
    return [
        find
        for find in finds
        if not any(a.kind == find.kind and fnmatch(find.place, a.place) for a in allowed)
    ]


def missed(finds: Iterable[Find], allowed: Sequence[Allowed]) -> list[Allowed]:
    """Where a canary had to be and was not seen: then the run, or this sweep, is broken."""
    seen = list(finds)
    return [
        a
        for a in allowed
        if a.must and not any(f.kind == a.kind and fnmatch(f.place, a.place) for f in seen)
    ]


def in_bytes(haystack: bytes, place: str, needles: Iterable[Needle]) -> Iterator[Find]:
    """Finds in one piece."""
    for needle in needles:
        if needle.is_in(haystack):
            yield Find(needle.kind, place, needle.form)


def in_dump(dump: str, needles: Sequence[Needle]) -> set[Find]:
    """Finds in the output of `pg_dump` (plain SQL), by table and column."""
    finds: set[Find] = set()
    table, columns = "", []
    cells: dict[str, list[bytes]] = {}
    for line in dump.splitlines():
        if line.startswith("COPY ") and line.endswith(" FROM stdin;"):
            table, _, rest = line.removeprefix("COPY ").partition(" ")
            columns = rest.partition("(")[2].partition(")")[0].split(", ")
        elif line == "\\.":
            table = ""
        elif table:
            for column, value in zip(columns, line.split("\t"), strict=True):
                cells.setdefault(f"{table}.{column}", []).append(_unescaped(value))
        else:
            cells.setdefault("dump", []).append(line.encode())
    for place, values in cells.items():
        finds.update(in_bytes(b"\n".join(values), place, needles))
    return finds


def _unescaped(value: str) -> bytes:
    """A field of COPY: `\\\\x…` is a bytea, searched as its bytes."""
    if value.startswith("\\\\x"):
        return bytes.fromhex(value[3:])
    return value.encode()


def in_files(folder: Path, needles: Sequence[Needle], skip: Sequence[str] = ()) -> set[Find]:
    """Finds in all files below a folder, and in their names; places are relative paths."""
    finds: set[Find] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        place = path.relative_to(folder).as_posix()
        if any(fnmatch(place, pattern) for pattern in skip):
            continue
        finds.update(in_bytes(place.encode(), f"name of {place}", needles))
        for content in _contents(path):
            finds.update(in_bytes(content, place, needles))
    return finds


def _contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what they hold when they are packed."""
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    if raw[:4] == b"PAR1":
        with duckdb.connect(":memory:") as con:
            rows = con.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        yield "\n".join("\t".join(_text(value) for value in row) for row in rows).encode()


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
