"""Places: what the rule can tell cells apart by, numbered, with what it needs to know of each.

A place is a city together with the other city that a cell's range reaches into, or a country and
no more. Cities, countries' codes among them, and places are numbered in the order of their codes:
the same cells give the same numbers.
"""

from typing import Final

import duckdb

from signaling.mobile_country_codes import COUNTRY_OF

EARTH: Final = 63_710  # radius in units of 100 m
_EARTH_AT: Final = {
    "x": f"CAST(round({EARTH} * cos(radians(lat)) * cos(radians(lon))) AS BIGINT)",
    "y": f"CAST(round({EARTH} * cos(radians(lat)) * sin(radians(lon))) AS BIGINT)",
    "z": f"CAST(round({EARTH} * sin(radians(lat))) AS BIGINT)",
}


def number_places(con: duckdb.DuckDBPyConnection) -> None:
    """From `cells(cgi, lon, lat, range_m, city_code, alt_city_code[, …])`:

    - `cities(city, code)`: cities and countries by number;
    - `places(place, city, partner, country, x, y, z, reach)`: see rule.sql. `country` is the
      number of the country that most of the place's cells belong to by their MCC;
    - `known_cells(cgi, place)`: the cells that have a city;
    - `place_of_mcc(mcc, place)`: negative places, for cells that are not known.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE mcc (mcc INTEGER, code TEXT, country INTEGER)")
    lowest: dict[str, int] = {}
    for mcc, code in sorted(COUNTRY_OF.items()):
        lowest.setdefault(code, mcc)
    rows = [(mcc, code, lowest[code]) for mcc, code in COUNTRY_OF.items()]
    con.execute(
        "INSERT INTO mcc SELECT unnest(?::INTEGER[]), unnest(?::TEXT[]), unnest(?::INTEGER[])",
        [list(column) for column in zip(*rows, strict=True)],
    )
    con.execute(
        """CREATE OR REPLACE TABLE cities AS
        SELECT CAST(row_number() OVER (ORDER BY code) AS INTEGER) AS city, code
        FROM (SELECT city_code AS code FROM cells UNION SELECT alt_city_code FROM cells
              UNION SELECT code FROM mcc)
        WHERE code IS NOT NULL"""
    )
    columns = ", ".join(f"{formula} AS {name}" for name, formula in _EARTH_AT.items())
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE located AS
        SELECT c.cgi, i.city, a.city AS partner, m.country,
               CAST(ceil(c.range_m / 100) AS BIGINT) AS range, {columns}
        FROM cells c JOIN cities i ON i.code = c.city_code
        LEFT JOIN cities a ON a.code = c.alt_city_code
        LEFT JOIN mcc m ON m.mcc = TRY_CAST(left(c.cgi, 3) AS INTEGER)"""
    )
    # Whole numbers from each cell on: the same whatever the order in which cells are added up.
    con.execute(
        """CREATE OR REPLACE TABLE places AS
        WITH countries AS (
            SELECT city, partner, country, count(*) AS cells, min(x) AS x1, max(x) AS x2,
                   min(y) AS y1, max(y) AS y2, min(z) AS z1, max(z) AS z2
            FROM located GROUP BY ALL
        ), middles AS (
            SELECT city, partner,
                   coalesce(arg_max(country, cells * 1000 - country), 0) AS country,
                   (min(x1) + max(x2)) // 2 AS x, (min(y1) + max(y2)) // 2 AS y,
                   (min(z1) + max(z2)) // 2 AS z
            FROM countries GROUP BY city, partner
        ), circles AS (
            SELECT m.city, m.partner, m.country, m.x, m.y, m.z,
                   max(l.range + CAST(ceil(sqrt((l.x - m.x) ** 2 + (l.y - m.y) ** 2
                                                + (l.z - m.z) ** 2)) AS BIGINT)) AS reach
            FROM middles m
            JOIN located l ON l.city = m.city AND l.partner IS NOT DISTINCT FROM m.partner
            GROUP BY ALL
        )
        SELECT CAST(row_number() OVER (ORDER BY city, partner NULLS FIRST) AS INTEGER) AS place,
               city, partner, country, x, y, z, reach
        FROM circles
        UNION ALL
        SELECT DISTINCT -m.country, i.city, NULL::INTEGER, m.country, NULL::BIGINT, NULL::BIGINT,
               NULL::BIGINT, NULL::BIGINT
        FROM mcc m JOIN cities i ON i.code = m.code"""
    )
    con.execute(
        """CREATE OR REPLACE TABLE known_cells AS
        SELECT l.cgi, p.place FROM located l
        JOIN places p ON p.place > 0 AND p.city = l.city
            AND p.partner IS NOT DISTINCT FROM l.partner"""
    )
    con.execute(
        "CREATE OR REPLACE TABLE place_of_mcc AS SELECT mcc, CAST(-country AS INTEGER) AS place"
        " FROM mcc"
    )
    con.execute("DROP TABLE located")
    con.execute("DROP TABLE mcc")
