"""The rule on a handful of sightings, with DuckDB."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import duckdb

from signaling import compilation, rule

MINUTE = rule.MINUTE_MS
HOUR = rule.HOUR_MS

Sighting = tuple[int, int, int]  # subscriber, t, city
Stay = tuple[int, int, int | None, int, int]  # subscriber, city, alt_city, start, end


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1})


def stays(
    sightings: Iterable[Sighting],
    *,
    borders: Sequence[tuple[int, int]] = (),
    parameters: rule.Parameters | None = None,
    reduced: bool = True,
) -> list[Stay]:
    """Stays in order. `reduced`: with the fast plan, else the text of the rule on all sightings."""
    parameters = parameters or rule.Parameters()
    with _engine().cursor() as con:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE events (subscriber BIGINT, t BIGINT, place INTEGER)"
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE places (place INTEGER, city INTEGER, partner INTEGER,"
            " country INTEGER, x BIGINT, y BIGINT, z BIGINT, reach BIGINT)"
        )
        rows: list[Any] = list(sightings)
        if rows:
            con.execute(
                "INSERT INTO events SELECT unnest(?::BIGINT[]), unnest(?::BIGINT[]),"
                " unnest(?::INTEGER[])",
                [list(column) for column in zip(*rows, strict=True)],
            )
        con.execute("INSERT INTO places SELECT DISTINCT place, place, NULL FROM events")
        for number, (one, other) in enumerate(borders):
            con.execute("INSERT INTO places VALUES (?, ?, ?)", [1000 + number, one, other])
        if reduced:
            compilation.compile_stays(con, parameters)
        else:
            con.execute("CREATE OR REPLACE TEMP VIEW sightings AS FROM events")
            con.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {rule.sql(parameters)}")
        return con.execute("FROM stays ORDER BY subscriber, start_ms, city").fetchall()


def every(minutes: int, city: int, start: float, end: float, subscriber: int = 1) -> list[Sighting]:
    """A sighting every few minutes from `start` to `end`, both in hours."""
    return [
        (subscriber, t, city)
        for t in range(round(start * HOUR), round(end * HOUR) + 1, minutes * MINUTE)
    ]
