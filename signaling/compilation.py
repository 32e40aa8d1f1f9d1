"""Stays from events on DuckDB: the exact fast plan around the one SQL text of the rule.

Most phones spend most days in one place. Such a day, in one hash aggregate, becomes two sightings,
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


def number_places(con: duckdb.DuckDBPyConnection) -> None:
    """From `cells`: `cities(city, code)`, `places(place, city, partner)`, `known_cells(cgi, place)`.

    A place is what the rule tells cells apart by: their city, and the other city that their range
    reaches into. Numbered in the order of the codes: whole numbers sort faster than text.
    """
    con.execute(
        """CREATE OR REPLACE TABLE cities AS
        SELECT CAST(row_number() OVER (ORDER BY code) AS INTEGER) AS city, code
        FROM (SELECT city_code AS code FROM cells UNION SELECT alt_city_code FROM cells)
        WHERE code IS NOT NULL"""
    )
    con.execute(
        """CREATE OR REPLACE TABLE places AS
        SELECT CAST(row_number() OVER (ORDER BY city, partner NULLS FIRST) AS INTEGER) AS place,
               city, partner
        FROM (SELECT DISTINCT c.city, a.city AS partner
              FROM cells JOIN cities c ON c.code = city_code
              LEFT JOIN cities a ON a.code = alt_city_code)"""
    )
    con.execute(
        """CREATE OR REPLACE TABLE known_cells AS
        SELECT cgi, place
        FROM cells JOIN cities c ON c.code = city_code LEFT JOIN cities a ON a.code = alt_city_code
        JOIN places p ON p.city = c.city AND p.partner IS NOT DISTINCT FROM a.city"""
    )


def reduce_days(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> None:
    """From `events(subscriber, t, place)`: `sightings`, no more of them than the rule needs."""
    if parameters.max_silence < BLOCK_MS:
        con.execute(
            "CREATE OR REPLACE TEMP VIEW sightings AS SELECT subscriber, t, place FROM events"
        )
        return
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT subscriber, t // {BLOCK_MS} AS block, min(t) AS first_t, max(t) AS last_t,
               min(place) AS place, max(place) <> min(place) AS mixed
        FROM events GROUP BY ALL"""
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP VIEW sightings AS
        SELECT subscriber, first_t AS t, place FROM blocks WHERE NOT mixed
        UNION ALL
        SELECT subscriber, last_t, place FROM blocks WHERE NOT mixed AND last_t > first_t
        UNION ALL
        SELECT e.subscriber, e.t, e.place
        FROM events e JOIN blocks b
          ON b.mixed AND b.subscriber = e.subscriber AND b.block = e.t // {BLOCK_MS}"""
    )


def compile_stays(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> Compiled:
    """From `events(subscriber, t, place)` and `places`: the table `stays`."""
    reduce_days(con, parameters)
    con.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {rule.sql(parameters)}")
    row = con.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM stays)"
    ).fetchone()
    assert row is not None
    return Compiled(events=row[0], stays=row[1])
