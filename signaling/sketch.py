"""The sketch of a local day: as few of its events as give the rule the same stays.

Of each run of events at one place only the first and the last are kept, about one event in
twenty. The rule looks at the ends of such runs alone, and its maximum silence is longer than any
local day, so that nothing inside a run can matter to it. Days may be kept whole or as sketches in
any mix; a sketch of a sketch is the sketch.
"""


def sketch_sql(events: str, places: str) -> str:
    """A SELECT of those rows of `events` that the rule needs, with the same columns.

    `events`: name of a relation (subscriber, t, cell) with the events of one local day;
    `places`: name of a relation (cell, place) with one row per known cell. Cells that are not
    known are kept as places of their own. It runs unchanged on DuckDB and on Spark SQL.
    """
    return f"""
    SELECT subscriber, t, cell
    FROM (
        SELECT subscriber, t, cell, place, known,
               LAG(place) OVER in_time AS place_before, LAG(known) OVER in_time AS known_before,
               LEAD(place) OVER in_time AS place_after, LEAD(known) OVER in_time AS known_after
        FROM (
            SELECT DISTINCT e.subscriber, e.t, e.cell, COALESCE(p.place, e.cell) AS place,
                   CASE WHEN p.place IS NULL THEN 0 ELSE 1 END AS known
            FROM {events} e LEFT JOIN {places} p ON p.cell = e.cell
        ) marked
        WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, known, place, cell)
    ) ordered
    WHERE place_before IS NULL OR place_after IS NULL
       OR place_before <> place OR place_after <> place
       OR known_before <> known OR known_after <> known"""
