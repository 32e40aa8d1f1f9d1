"""Loading places and cells: what events are read against."""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import duckdb
from django.db import transaction
from shapely.geometry import mapping

from audit.services import record
from core import clock
from core.models import Feed
from signaling import cells, reading
from signaling.geography import BUNDLED, BadPlacesError, Place, read_places
from signaling.locks import store_lock
from signaling.models import City
from signaling.progress import Progress
from signaling.reading import UnreadableFileError
from signaling.rejects import RejectFile
from signaling.services import PATIENCE
from signaling.store import Store, put

CITY_FIELDS: Final = ("name", "name_zh", "country", "admin1")


@dataclass(frozen=True, slots=True)
class CitiesLoaded:
    places: int
    cells: int  # looked up anew
    without_city: int
    moved: int  # of them to another city


@dataclass(frozen=True, slots=True)
class CellsLoaded:
    files: int
    cells: int
    rejected: Counter[str]
    without_city: int
    moved: int  # known cells that now belong to another city
    reject_file: Path | None
    unreadable: list[str]


def load_cities(*, path: Path | None, by: str = "operator") -> CitiesLoaded:
    """Take places from a GeoJSON file, or the bundled gazetteer, and look all cells up again.

    Cities that are known already get their new names; none is removed, since stay-points may name
    it. Raises BadPlacesError and StoreIsBusyError; then nothing has changed.
    """
    places = read_places(path or BUNDLED)
    if not places:
        raise BadPlacesError(f"{path}: no places in it")
    with store_lock(patience=PATIENCE):
        where = Store.configured()
        where.prepare()
        save_cities(places, by=by)
        made = where.workspace() / "cities.geojson.gz"
        _write_places(places, made)
        put(made, where.cities)
        if not where.cells.exists():
            return CitiesLoaded(len(places), 0, 0, 0)
        con = reading.connect()
        _keep_known(con, where)
        report, moved = _rebuild(con, where, places)
    return CitiesLoaded(len(places), report.taken, report.without_city, moved)


@transaction.atomic
def save_cities(places: Sequence[Place], *, by: str) -> None:
    City.objects.bulk_create(
        [City(code=p.code, **{name: getattr(p, name) for name in CITY_FIELDS}) for p in places],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=CITY_FIELDS,
        batch_size=2_000,
    )
    record(event="import.done", by=by, fields={"kind": "cities", "rows": len(places)})


def _write_places(places: Sequence[Place], target: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": p.code, "population": p.population}
            | {name: getattr(p, name) for name in CITY_FIELDS},
            "geometry": mapping(p.geometry),
        }
        for p in places
    ]
    with gzip.open(target, "wt", encoding="utf-8") as file:
        json.dump({"type": "FeatureCollection", "features": features}, file, ensure_ascii=False)


def load_cells(*, paths: Sequence[Path], by: str = "operator") -> CellsLoaded:
    """Add cells, or change known ones; each file's later rows win over earlier ones.

    A file that cannot be read is named in what is returned and changes nothing; the others go in.
    Raises StoreIsBusyError, and OSError when the disk is full; then nothing has changed.
    """
    with store_lock(patience=PATIENCE), Progress("Loading cells", len(paths) + 1) as progress:
        where = Store.configured()
        where.prepare()
        con = reading.connect()
        _keep_known(con, where)
        unreadable: list[str] = []
        for path in paths:
            try:
                cells.read_cells(con, path)
            except UnreadableFileError as error:
                con.execute("DELETE FROM raw_cells WHERE file = ?", [str(path)])
                unreadable.append(str(error))
            progress.advance()
        rejected, reject_file = _set_aside(con, where)
        places = read_places(where.cities) if where.cities.exists() else []
        report, moved = _rebuild(con, where, places)
        files = len(paths) - len(unreadable)
        if files:
            record(
                event="import.done",
                by=by,
                fields={"kind": "cells", "rows": report.taken, "rejected": rejected.total()},
            )
            Feed.objects.update_or_create(name="cells", defaults={"refreshed_at": clock.now()})
        progress.advance()
    return CellsLoaded(
        files, report.taken, rejected, report.without_city, moved, reject_file.path, unreadable
    )


def _keep_known(con: duckdb.DuckDBPyConnection, where: Store) -> None:
    """Start from the cells that are there; their numbers stand in stored events."""
    con.execute(cells.RAW_CELLS)
    con.execute(
        "CREATE TABLE known (cell INTEGER, cgi TEXT, lon DOUBLE, lat DOUBLE, range_m DOUBLE,"
        " given_code TEXT, city_code TEXT, alt_city_code TEXT)"
    )
    if where.cells.exists():
        con.execute(f"INSERT INTO known BY NAME FROM read_parquet({reading.quoted(where.cells)})")
        con.execute(
            "INSERT INTO raw_cells (cgi, lon, lat, range_m, city_code)"
            " SELECT cgi, lon, lat, range_m, given_code FROM known ORDER BY cell"
        )


def _set_aside(con: duckdb.DuckDBPyConnection, where: Store) -> tuple[Counter[str], RejectFile]:
    reject_file = RejectFile(where, "cells")
    rows = con.execute(
        "SELECT file, line, problem FROM raw_cells WHERE problem IS NOT NULL ORDER BY file, line"
    ).fetchall()
    for file, of_file in groupby(rows, itemgetter(0)):
        reject_file.add(Path(file), [row[1:] for row in of_file])
    return Counter(problem for _, _, problem in rows), reject_file


def _rebuild(
    con: duckdb.DuckDBPyConnection, where: Store, places: Sequence[Place]
) -> tuple[cells.CellReport, int]:
    """Look every cell up and write the list; the number of known cells whose city changed."""
    report = cells.resolve_cells(con, places)
    made = where.workspace() / "cells.parquet"
    con.execute(
        f"""COPY (
            SELECT CAST(coalesce(k.cell, (SELECT coalesce(max(cell), 0) FROM known)
                   + row_number() OVER (PARTITION BY k.cell IS NULL ORDER BY c.cgi)) AS INTEGER)
                   AS cell, c.*
            FROM cells c LEFT JOIN known k USING (cgi) ORDER BY cell
        ) TO {reading.quoted(made)} (FORMAT parquet, COMPRESSION zstd)"""
    )
    row = con.execute(
        """SELECT count(*) FROM cells c JOIN known k USING (cgi)
        WHERE c.city_code IS DISTINCT FROM k.city_code
           OR c.alt_city_code IS DISTINCT FROM k.alt_city_code"""
    ).fetchone()
    assert row is not None
    con.close()
    put(made, where.cells)
    shutil.rmtree(made.parent)
    return report, int(row[0])
