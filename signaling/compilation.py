"""Stays from events on DuckDB: the exact fast plan around the one SQL text of the rule.

Most phones spend most days in one city. Such a day, in one hash aggregate, becomes two sightings,
its first and its last; only the events of the other days are sorted. As long as the rule's maximum
silence is not shorter than a block of one day, the stays are the same as from all events.
"""

from dataclasses import dataclass

import duckdb

from signaling import rule

BLOCK_MS = 24 * rule.HOUR_MS


@dataclass(frozen=True, slots=True)
class Compiled:
    events: int
    stays: int


def number_cities(con: duckdb.DuckDBPyConnection) -> None:
    """From `cells`: `cities(city, code)`, `borders(city, other)` and `known_cells(cgi, place)`.

    Cities are numbered in the order of their codes: whole numbers sort faster than text.
    """
    con.execute(
        """CREATE OR REPLACE TABLE cities AS
        SELECT CAST(row_number() OVER (ORDER BY code) AS INTEGER) AS city, code
        FROM (SELECT city_code AS code FROM cells UNION SELECT alt_city_code FROM cells)
        WHERE code IS NOT NULL"""
    )
    con.execute(
        """CREATE OR REPLACE TABLE borders AS
        WITH pairs AS (
            SELECT DISTINCT a.city AS city, b.city AS other
            FROM cells JOIN cities a ON a.code = city_code JOIN cities b ON b.code = alt_city_code
        )
        SELECT city, other FROM pairs UNION SELECT other, city FROM pairs"""
    )
    con.execute(
        """CREATE OR REPLACE TABLE known_cells AS
        SELECT cgi, city AS place FROM cells JOIN cities ON code = city_code"""
    )


def reduce_days(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> None:
    """From `events(subscriber, t, city)`: `sightings`, no more of them than the rule needs."""
    if parameters.max_silence < BLOCK_MS:
        con.execute(
            "CREATE OR REPLACE TEMP VIEW sightings AS SELECT subscriber, t, city FROM events"
        )
        return
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT subscriber, t // {BLOCK_MS} AS block, min(t) AS first_t, max(t) AS last_t,
               min(city) AS city, max(city) <> min(city) AS mixed
        FROM events GROUP BY ALL"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW sightings AS
        SELECT subscriber, first_t AS t, city FROM blocks WHERE NOT mixed
        UNION ALL
        SELECT subscriber, last_t, city FROM blocks WHERE NOT mixed AND last_t > first_t
        UNION ALL
        SELECT e.subscriber, e.t, e.city
        FROM events e JOIN blocks b
          ON b.mixed AND b.subscriber = e.subscriber AND b.block = e.t // {BLOCK_MS}"""
    )


def compile_stays(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> Compiled:
    """From `events(subscriber, t, city)` and `borders`: the table `stays`."""
    reduce_days(con, parameters)
    con.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {rule.sql(parameters)}")
    row = con.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM stays)"
    ).fetchone()
    assert row is not None
    return Compiled(events=row[0], stays=row[1])
