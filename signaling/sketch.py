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
    known are kept as places of their own. What is known as a country only (a negative place) is
    judged by blocks of 24 hours (rule.sql), so its runs end where these do. It runs unchanged on
    DuckDB and on Spark SQL.
    """
    return f"""
    SELECT subscriber, t, cell
    FROM (
        SELECT subscriber, t, cell, place, part,
               LAG(place) OVER in_time AS place_before, LAG(part) OVER in_time AS part_before,
               LEAD(place) OVER in_time AS place_after, LEAD(part) OVER in_time AS part_after
        FROM (
            SELECT DISTINCT e.subscriber, e.t, e.cell, COALESCE(p.place, e.cell) AS place,
                   CASE WHEN p.place IS NULL THEN -1 WHEN p.place > 0 THEN 0
                        ELSE e.t - e.t % 86400000 END AS part
            FROM {events} e LEFT JOIN {places} p ON p.cell = e.cell
        ) marked
        WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, place, part, cell)
    ) ordered
    WHERE place_before IS NULL OR place_after IS NULL
       OR place_before <> place OR place_after <> place
       OR part_before <> part OR part_after <> part"""
