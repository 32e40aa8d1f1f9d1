"""The rule on a handful of sightings, with DuckDB, in an invented country.

Cities 1, 2 and 3 lie 100 km apart in a row, city 9 lies 2,000 km from them. Place 12 is a cell of
city 1 that reaches into city 2, place 21 one of city 2 that reaches into city 1; the other cells
of city n are place n. Place -460 is "somewhere in the country" of them all (as a city: 46), place
-454 in another one (45).
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import duckdb

from signaling import compilation, reduction, rule
from signaling.sketch import sketch_sql

MINUTE = rule.MINUTE_MS
HOUR = rule.HOUR_MS
DAY = 24 * HOUR

Sighting = tuple[int, int, int]  # subscriber, t, place
Stay = tuple[int, int, int | None, int, int]  # subscriber, city, alt_city, start, end

CITY_OF = {1: 1, 2: 2, 3: 3, 9: 9, 12: 1, 21: 2, 23: 2, 32: 3}
_X = {1: 1000, 2: 2000, 3: 3000, 9: 22_000}  # in units of 100 m
PLACES = [
    (place, city, place % 10 if place > 10 else None, 460, _X[city], 0, 60_000, 500)
    for place, city in CITY_OF.items()
] + [
    (-460, 46, None, 460, None, None, None, None),
    (-454, 45, None, 454, None, None, None, None),
]


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:", config={"threads": 1})
    con.execute(
        "CREATE TABLE places (place INTEGER, city INTEGER, partner INTEGER, country INTEGER,"
        " x BIGINT, y BIGINT, z BIGINT, reach BIGINT)"
    )
    con.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)", PLACES)
    con.execute(
        "CREATE TABLE place_of_mcc AS SELECT -place AS mcc, place FROM places WHERE place < 0"
    )
    return con


def compiled(
    sightings: Iterable[Sighting],
    *,
    parameters: rule.Parameters | None = None,
    pieces: int = 0,
) -> tuple[list[Stay], int]:
    """Stays in order, and how many jumps were dropped.

    By the text of the rule on all sightings, or reduced before, in so many pieces.
    """
    parameters = parameters or rule.Parameters()
    with _engine().cursor() as con:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE events (subscriber BIGINT, t BIGINT, place INTEGER)"
        )
        rows: list[Any] = list(sightings)
        if rows:
            con.execute(
                "INSERT INTO events SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[]),"
                " unnest(?::INTEGER[])",
                [list(column) for column in zip(*rows, strict=True)],
            )
        if pieces:
            _reduce(con, pieces)
        else:
            con.execute("CREATE OR REPLACE TEMP VIEW sightings AS FROM events")
        compilation.apply_rule(con, parameters)
        found = con.execute("FROM compiled ORDER BY subscriber, start_ms, city").fetchall()
    return [row for row in found if row[1] is not None], sum(row[1] is None for row in found)


def _reduce(con: duckdb.DuckDBPyConnection, pieces: int) -> None:
    """As files are: piece by piece, and once more those that hold torn blocks."""
    reduction.prepare(con)
    for piece in range(pieces):
        _take(con, piece, pieces)
        reduction.reduce(con, piece)
    for piece in reduction.find_torn(con):
        _take(con, piece, pieces)
        reduction.mend(con)
    reduction.sightings(con, 0, 1)


def _take(con: duckdb.DuckDBPyConnection, piece: int, pieces: int) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE taken AS FROM events WHERE rowid % {pieces} = {piece}"
    )


def stays(
    sightings: Iterable[Sighting], *, parameters: rule.Parameters | None = None
) -> list[Stay]:
    return compiled(sightings, parameters=parameters)[0]


def sketch(day: Iterable[Sighting]) -> list[Sighting]:
    """What is kept of a day."""
    with _engine().cursor() as con:
        con.execute("CREATE OR REPLACE TEMP TABLE day (subscriber BIGINT, t BIGINT, cell INTEGER)")
        con.executemany("INSERT INTO day VALUES (?, ?, ?)", day)
        con.execute(
            "CREATE OR REPLACE TEMP VIEW place_of_cell AS SELECT place AS cell, place FROM places"
        )
        return sorted(con.execute(sketch_sql("day", "place_of_cell")).fetchall())


def every(
    minutes: int, place: int, start: float, end: float, subscriber: int = 1
) -> list[Sighting]:
    """A sighting every few minutes from `start` to `end`, both in hours."""
    return [
        (subscriber, t, place)
        for t in range(round(start * HOUR), round(end * HOUR) + 1, minutes * MINUTE)
    ]
