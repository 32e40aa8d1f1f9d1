"""Events of several files, reduced to what the rule needs while the files are read.

A piece is what is read at a time. Most phones spend most hours in one place; of such a block of
time its first and last event are enough, and no rule sees the difference as long as the block is
not longer than the rule's maximum silence. Blocks of several places are divided once more, and only
what is mixed even then is kept event by event.

That a block lies in several pieces does no harm while the spans it has there do not overlap. Where
they do, and are not of one place, an event of one piece may fall between two of another that were
left out: the block is torn, and its events are read again.
"""

from typing import Final

import duckdb

LONG: Final = 26  # blocks of 2**26 ms, 18.6 hours: shifting is quicker than dividing
SHORT: Final = 22  # 70 minutes


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Empty `spans`, `kept` and `countries`, which all pieces add to."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE spans (piece INTEGER, subscriber BIGINT, block BIGINT,
                                               first_t BIGINT, last_t BIGINT, place INTEGER,
                                               mixed BOOLEAN)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE kept (subscriber BIGINT, t BIGINT, place INTEGER)")
    con.execute(
        """CREATE OR REPLACE TEMP TABLE countries (piece INTEGER, subscriber BIGINT, t BIGINT,
                                                   place INTEGER, country INTEGER)"""
    )


def reduce(con: duckdb.DuckDBPyConnection, piece: int) -> None:
    """Add `taken(subscriber, t, place)`, the events of a piece; `place` may be minus an MCC."""
    con.execute(
        f"""INSERT INTO countries SELECT {piece}, subscriber, t, m.place, country
        FROM taken e JOIN place_of_mcc m ON m.mcc = -e.place JOIN places p ON p.place = m.place
        WHERE e.place <= 0"""
    )
    _divide(con, "taken", LONG, piece)
    con.execute(f"INSERT INTO spans SELECT {piece}, * FROM blocks")
    con.execute(f"CREATE OR REPLACE TEMP TABLE mixed_events AS {_mixed('taken', LONG)}")
    _divide(con, "mixed_events", SHORT, piece)
    con.execute(
        f"""INSERT INTO kept
        SELECT subscriber, first_t, place FROM blocks WHERE NOT mixed
        UNION ALL SELECT subscriber, last_t, place FROM blocks WHERE NOT mixed AND last_t > first_t
        UNION ALL {_mixed("mixed_events", SHORT)}"""
    )


def _divide(con: duckdb.DuckDBPyConnection, table: str, bits: int, piece: int) -> None:
    """`blocks(subscriber, block, first_t, last_t, place, mixed)` of a table's events.

    A sighting of another country makes a block mixed; one of the same country is left out by the
    rule where a city was seen.
    """
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT subscriber, t >> {bits} AS block, min(t) AS first_t, max(t) AS last_t,
               min(place) AS place, max(place) <> min(place) AS mixed
        FROM {table} WHERE place > 0 GROUP BY ALL"""
    )
    con.execute(
        f"""UPDATE blocks SET mixed = true FROM countries c, places p
        WHERE c.piece = {piece} AND c.subscriber = blocks.subscriber
          AND c.t >> {bits} = blocks.block AND NOT mixed
          AND p.place = blocks.place AND p.country IS DISTINCT FROM c.country"""
    )


def _mixed(table: str, bits: int) -> str:
    return f"""SELECT e.subscriber, e.t, e.place FROM {table} e
        JOIN blocks b ON b.mixed AND b.subscriber = e.subscriber AND b.block = e.t >> {bits}
        WHERE e.place > 0"""


def find_torn(con: duckdb.DuckDBPyConnection) -> list[int]:
    """The pieces that hold torn blocks; what was kept of these is forgotten: see `mend`."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE torn AS
        SELECT a.subscriber, a.block FROM spans a JOIN spans b USING (subscriber, block)
        WHERE a.piece < b.piece AND a.first_t <= b.last_t AND b.first_t <= a.last_t
          AND (a.mixed OR b.mixed OR a.place <> b.place)
        UNION
        SELECT s.subscriber, s.block FROM spans s
        JOIN countries c ON c.subscriber = s.subscriber AND c.t >> {LONG} = s.block
                        AND c.piece <> s.piece AND c.t BETWEEN s.first_t AND s.last_t
        JOIN places p ON p.place = s.place
        WHERE s.mixed OR p.country IS DISTINCT FROM c.country"""
    )
    pieces = con.execute(
        "SELECT DISTINCT piece FROM spans SEMI JOIN torn USING (subscriber, block) ORDER BY 1"
    ).fetchall()
    if pieces:
        con.execute(
            f"""DELETE FROM kept USING torn WHERE torn.subscriber = kept.subscriber
                AND torn.block = kept.t >> {LONG}"""
        )
        con.execute(
            """DELETE FROM spans USING torn WHERE torn.subscriber = spans.subscriber
                AND torn.block = spans.block"""
        )
    return [piece for (piece,) in pieces]


def mend(con: duckdb.DuckDBPyConnection) -> None:
    """Keep every event of torn blocks that is in `taken`, a piece that is read again."""
    con.execute(
        f"""INSERT INTO kept SELECT e.subscriber, e.t, e.place FROM taken e
        JOIN torn b ON b.subscriber = e.subscriber AND b.block = e.t >> {LONG}
        WHERE e.place > 0"""
    )


def count(con: duckdb.DuckDBPyConnection) -> int:
    """About how many sightings there are."""
    row = con.execute(
        "SELECT (SELECT 2 * count(*) FROM spans) + (SELECT count(*) FROM kept)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def sightings(con: duckdb.DuckDBPyConnection, part: int, parts: int) -> None:
    """The table `sightings(subscriber, t, place)` of one of so many parts of the subscribers."""
    mine = f"hash(subscriber) % {parts} = {part}"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE sightings AS
        SELECT subscriber, first_t AS t, place FROM spans WHERE NOT mixed AND {mine}
        UNION ALL SELECT subscriber, last_t, place FROM spans
        WHERE NOT mixed AND last_t > first_t AND {mine}
        UNION ALL SELECT subscriber, t, place FROM kept WHERE {mine}
        UNION ALL SELECT subscriber, t, place FROM countries WHERE {mine}"""
    )
