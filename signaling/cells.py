"""The list of cells: read, checked, given a city and a border partner.

Input is `cgi, lon, lat, range_m` and optionally `city_code`, or the columns of OpenCelliD
(radio, mcc, net, area, cell, …, lon, lat, range).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from signaling import reading
from signaling.geography import Place, locate

OWN_COLUMNS: Final = ("cgi", "lon", "lat", "range_m")
OPENCELLID_COLUMNS: Final = ("mcc", "net", "area", "cell", "lon", "lat", "range")
CGI_PATTERN: Final = r"\d{3}-\d{2,3}-\d{1,8}-\d{1,11}"
LARGEST_RANGE_M: Final = 100_000
# Mobile country codes whose networks have three digits (ITU-T E.212): the Americas, mostly.
THREE_DIGIT_MCC: Final = (
    "302, 310, 311, 312, 313, 314, 315, 316, 334, 338, 342, 344, 346, 348, 350, 352, 354, 356, "
    "358, 360, 362, 364, 365, 366, 374, 376, 708, 722, 732, 738, 746, 748, 750"
)
RAW_CELLS: Final = (
    "CREATE TABLE IF NOT EXISTS raw_cells (file TEXT, line BIGINT, cgi TEXT, lon DOUBLE,"
    " lat DOUBLE, range_m DOUBLE, city_code TEXT, problem TEXT)"
)


@dataclass(frozen=True, slots=True)
class CellReport:
    taken: int
    rejected: int
    without_city: int


def read_cells(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Add a file's rows to `raw_cells(file, line, cgi, lon, lat, range_m, city_code, problem)`."""
    con.execute(RAW_CELLS)
    source = reading.open_source(con, path, ("lon", "lat"))
    if "cgi" in source.types:
        reading.open_source(con, path, OWN_COLUMNS)
        cgi, reach = reading.text(source, "cgi"), '"range_m"'
    else:
        reading.open_source(con, path, OPENCELLID_COLUMNS)
        mnc = (
            f"lpad(CAST(net AS TEXT), CASE WHEN mcc IN ({THREE_DIGIT_MCC}) THEN 3 ELSE 2 END, '0')"
        )
        mnc = f"CASE WHEN length(CAST(net AS TEXT)) > 2 THEN CAST(net AS TEXT) ELSE {mnc} END"
        cgi = f"concat_ws('-', CAST(mcc AS TEXT), {mnc}, CAST(area AS TEXT), CAST(cell AS TEXT))"
        reach = '"range"'
    city = "NULL"
    if "city_code" in source.types:
        city = f"nullif({reading.text(source, 'city_code')}, '')"
    with reading.naming(path):
        con.execute(
            f"""INSERT INTO raw_cells
        SELECT {reading.quoted(path)}, row, cgi, lon, lat, range_m, city_code,
               CASE WHEN cgi IS NULL OR NOT regexp_full_match(cgi, '{CGI_PATTERN}')
                        THEN 'cgi is not MCC-MNC-LAC-CI'
                    WHEN lon IS NULL OR lon NOT BETWEEN -180 AND 180
                        THEN 'lon is not a number of degrees'
                    WHEN lat IS NULL OR lat NOT BETWEEN -90 AND 90
                        THEN 'lat is not a number of degrees'
                    WHEN range_m IS NULL OR range_m < 0 OR range_m > {LARGEST_RANGE_M}
                        THEN 'range is not a number of metres up to {LARGEST_RANGE_M}'
               END
        FROM (SELECT {reading.row_number(source)} AS row, {cgi} AS cgi,
                     TRY_CAST(lon AS DOUBLE) AS lon, TRY_CAST(lat AS DOUBLE) AS lat,
                     TRY_CAST({reach} AS DOUBLE) AS range_m,
                     {city} AS city_code
              FROM {source.sql})"""
        )
    _find_lines(con, source)


def _find_lines(con: duckdb.DuckDBPyConnection, source: reading.Source) -> None:
    """Put lines of the file in the place of row numbers, and name the broken lines too."""
    broken = reading.broken_lines(con)
    reading.forget_broken_lines(con)
    file = reading.quoted(source.path)
    bad = con.execute(
        f"SELECT line FROM raw_cells WHERE file = {file} AND problem IS NOT NULL ORDER BY line"
    ).fetchall()
    rows = [row for (row,) in bad]
    if not rows and not broken:
        return
    found, named = reading.line_numbers(source, rows, broken)
    con.execute(
        f"""UPDATE raw_cells SET line = f.line
        FROM (SELECT unnest(?::BIGINT[]) AS row, unnest(?::BIGINT[]) AS line) f
        WHERE file = {file} AND problem IS NOT NULL AND raw_cells.line = f.row""",
        [rows, found],
    )
    con.execute(
        f"""INSERT INTO raw_cells (file, line, problem)
        SELECT {file}, unnest(?::BIGINT[]), unnest(?::TEXT[])""",
        [[line for line, _ in named], [reason for _, reason in named]],
    )


def resolve_cells(con: duckdb.DuckDBPyConnection, places: Sequence[Place]) -> CellReport:
    """Turn `raw_cells` into `cells(cgi, lon, lat, range_m, given_code, city_code, alt_city_code)`.

    A city code given with a cell wins over the shapes; of several rows for one cell the last wins,
    also when it takes a given code back.
    """
    con.execute(
        """CREATE OR REPLACE TABLE cells AS
        SELECT cgi, arg_max(lon, n) AS lon, arg_max(lat, n) AS lat, arg_max(range_m, n) AS range_m,
               arg_max_null(city_code, n) AS given_code,
               CAST(NULL AS TEXT) AS city_code, CAST(NULL AS TEXT) AS alt_city_code
        FROM (SELECT *, rowid AS n FROM raw_cells WHERE problem IS NULL)
        GROUP BY cgi ORDER BY cgi"""
    )
    columns = con.execute("SELECT lon, lat, range_m FROM cells ORDER BY cgi").fetchnumpy()
    located = locate(places, columns["lon"], columns["lat"], columns["range_m"])
    codes = np.array([place.code for place in places] + [None], dtype=object)
    found = {  # read by DuckDB as a relation
        "n": np.arange(len(located.city)),
        "city": codes[located.city],
        "partner": codes[located.partner],
    }
    con.register("found", found)
    con.execute(
        """CREATE OR REPLACE TABLE cells AS
        SELECT c.cgi, c.lon, c.lat, c.range_m, c.given_code,
               coalesce(c.given_code, f.city) AS city_code,
               -- A given code that is the shapes' partner swaps the two.
               nullif(CASE WHEN c.given_code IS DISTINCT FROM f.partner THEN f.partner
                           ELSE f.city END, coalesce(c.given_code, f.city)) AS alt_city_code
        FROM (SELECT *, row_number() OVER (ORDER BY cgi) - 1 AS n FROM cells) c
        JOIN found f USING (n)
        ORDER BY c.cgi"""
    )
    con.unregister("found")
    row = con.execute(
        """SELECT count(*), count(*) FILTER (WHERE city_code IS NULL),
                  (SELECT count(*) FROM raw_cells WHERE problem IS NOT NULL) FROM cells"""
    ).fetchone()
    assert row is not None
    return CellReport(taken=row[0], rejected=row[2], without_city=row[1])
