"""F1 of the distinct pairs of person and city that a way reports, against the truth."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

MINIMUM_MS = 4 * 3_600_000


@dataclass(frozen=True)
class Score:
    f1: float
    precision: float
    recall: float
    border_f1: float  # of the people who ever were where cells of two cities are heard


def score(con: duckdb.DuckDBPyConnection, truth: Path) -> Score:
    """`reported(imsi, city_code)` is a relation of the connection: whoever it says was where for
    at least four hours. People of whom nothing was noted are not in the truth: `seen(imsi)`."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE people AS
        SELECT imsi, bool_or(border) AS border FROM read_parquet('{truth}')
        WHERE imsi IN (SELECT imsi FROM seen) GROUP BY 1"""
    )
    row = con.execute(
        f"""WITH right_pairs AS (
            SELECT DISTINCT imsi, city_code FROM read_parquet('{truth}')
            WHERE end_ms - start_ms >= {MINIMUM_MS} AND imsi IN (SELECT imsi FROM people)
        ), pairs AS (
            SELECT coalesce(p.border, false) AS border, r.imsi IS NOT NULL AS said,
                   t.imsi IS NOT NULL AS is_true
            FROM (SELECT DISTINCT imsi, city_code FROM reported) r
            FULL JOIN right_pairs t USING (imsi, city_code)
            LEFT JOIN people p USING (imsi)
        )
        SELECT count(*) FILTER (said AND is_true), count(*) FILTER (said),
               count(*) FILTER (is_true), count(*) FILTER (said AND is_true AND border),
               count(*) FILTER (said AND border), count(*) FILTER (is_true AND border)
        FROM pairs"""
    ).fetchone()
    assert row is not None
    hits, said, true, border_hits, border_said, border_true = row
    return Score(
        f1=_share(2 * hits, said + true),
        precision=_share(hits, said),
        recall=_share(hits, true),
        border_f1=_share(2 * border_hits, border_said + border_true),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
