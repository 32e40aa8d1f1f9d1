"""The one SQL text of the rule on DuckDB, on sightings that were reduced before (reduction.py)."""

from dataclasses import dataclass

import duckdb

from signaling import rule
from signaling.places import number_places

__all__ = ["Compiled", "apply_rule", "number_places"]

RULE_TABLES = ("places",)  # what the text of the rule reads besides the sightings


@dataclass(frozen=True, slots=True)
class Compiled:
    stays: int
    jumps: int


def apply_rule(con: duckdb.DuckDBPyConnection, parameters: rule.Parameters) -> Compiled:
    """From `sightings(subscriber, t, place)` and `places`: the table `stays`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE compiled AS {rule.sql(parameters)}")
    con.execute("CREATE OR REPLACE TEMP VIEW stays AS FROM compiled WHERE city IS NOT NULL")
    row = con.execute("SELECT count(city), count(*) - count(city) FROM compiled").fetchone()
    assert row is not None
    return Compiled(stays=row[0], jumps=row[1])
