"""Stays from events on DuckDB: the exact fast plan around the one SQL text of the rule.

Most phones spend most days in one place. Such a day, in one hash aggregate, becomes two sightings,
its first and its last; only the events of the other days are sorted. The rule's maximum silence is
longer than a block of one day, so the stays are the same as from all events.
"""

from dataclasses import dataclass

import duckdb

from signaling import rule
from signaling.places import number_places

__all__ = ["Compiled", "apply_rule", "compile_stays", "number_places", "reduce_days"]

BLOCK_MS = 24 * rule.HOUR_MS
RULE_TABLES = ("places",)  # what the text of the rule reads besides the sightings


@dataclass(frozen=True, slots=True)
class Compiled:
    stays: int
    jumps: int


def reduce_days(con: duckdb.DuckDBPyConnection) -> None:
    """From `events(subscriber, t, place)`: `sightings`, no more of them than the rule needs.

    What is known as a country only (a negative place) does not make a block one of several places
    where the rule leaves it out: beside a city of that country.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT subscriber, t // {BLOCK_MS} AS block, min(t) AS first_t, max(t) AS last_t,
               min(place) AS place, max(place) <> min(place) AS mixed
        FROM events WHERE place >= 0 GROUP BY ALL"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE countries AS
        SELECT e.subscriber, e.t, e.place, p.country
        FROM events e JOIN places p ON p.place = e.place WHERE e.place < 0"""
    )
    con.execute(
        f"""UPDATE blocks SET mixed = true
        FROM countries c, places p
        WHERE c.subscriber = blocks.subscriber AND c.t // {BLOCK_MS} = blocks.block
          AND NOT mixed AND p.place = blocks.place AND p.country <> c.country"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW sightings AS
        SELECT subscriber, first_t AS t, place FROM blocks WHERE NOT mixed
        UNION ALL
        SELECT subscriber, last_t, place FROM blocks WHERE NOT mixed AND last_t > first_t
        UNION ALL
        SELECT e.subscriber, e.t, e.place
        FROM events e JOIN blocks b
          ON b.mixed AND b.subscriber = e.subscriber AND b.block = e.t // {BLOCK_MS}
        WHERE e.place >= 0
        UNION ALL
        SELECT subscriber, t, place FROM countries"""
    )


def compile_stays(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> Compiled:
    """From `events(subscriber, t, place)` and `places`: the table `stays`."""
    reduce_days(con)
    return apply_rule(con, parameters)


def apply_rule(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> Compiled:
    """From `sightings(subscriber, t, place)` and `places`: the table `stays`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE compiled AS {rule.sql(parameters)}")
    con.execute("CREATE OR REPLACE TEMP VIEW stays AS FROM compiled WHERE city IS NOT NULL")
    row = con.execute("SELECT count(city), count(*) - count(city) FROM compiled").fetchone()
    assert row is not None
    return Compiled(stays=row[0], jumps=row[1])
