"""Cells against shapes: the range decides, not the point alone."""

from pathlib import Path

import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from signaling import cells, places
from signaling.geography import Place, locate
from signaling.mobile_country_codes import COUNTRY_OF

KM = 1 / 111.195


def area(code: str, shape: BaseGeometry, country: str = "CN") -> Place:
    return Place(code, code, code, country, "", shape)


WEST, EAST = area("W", box(99, -1, 100, 1)), area("E", box(100, -1, 101, 1))
# A tongue of T reaches 1 km wide far into E.
TONGUE = area("T", Polygon([(100.2, 0), (100.8, 0), (100.8, KM), (100.2, KM)]))


def look(
    found: list[Place], lon: float, lat: float, range_m: float
) -> tuple[str | None, str | None]:
    located = locate(found, *(np.array([value]) for value in (lon, lat, range_m)))
    codes = [place.code for place in found] + [None]
    return codes[located.city[0]], codes[located.partner[0]]


def test_a_cell_well_inside_has_no_partner() -> None:
    assert look([WEST, EAST], 99.5, 0, 5000) == ("W", None)


def test_a_range_that_crosses_the_boundary_makes_a_partner() -> None:
    assert look([WEST, EAST], 100 - KM, 0, 1500) == ("W", "E")
    assert look([WEST, EAST], 100 - KM, 0, 900) == ("W", None)


def test_most_of_the_range_decides_even_against_the_point() -> None:
    """The mast stands in the tongue, what it serves lies around it."""
    around = area("E", EAST.geometry.difference(TONGUE.geometry))
    assert look([around, TONGUE], 100.5, KM / 2, 400) == ("T", None)
    assert look([around, TONGUE], 100.5, KM / 2, 3000) == ("E", "T")


def test_on_the_boundary_the_order_of_the_places_decides() -> None:
    assert look([EAST, WEST], 100, 0, 1000) == ("E", "W")


def test_a_cell_at_sea_belongs_to_what_it_reaches() -> None:
    assert look([WEST, EAST], 101 + KM, 0, 2000) == ("E", None)
    assert look([WEST, EAST], 101 + 3 * KM, 0, 2000) == (None, None)


def test_abroad_the_nearest_city_in_reach_of_its_own_country_wins() -> None:
    land = area("TH", box(102, -1, 104, 1), "TH")
    town = Place("th1", "Town", "", "TH", "", Point(103, 0), 1_000_000)
    other = Place("my1", "Other", "", "MY", "", Point(103.01, 0), 1_000_000)
    assert look([land, town, other], 103.02, 0, 500)[0] == "th1"
    assert look([land, town, other], 103.9, 0.9, 500)[0] == "TH"


@given(st.floats(98, 102), st.floats(-1.5, 1.5), st.floats(0, 20_000))
@settings(max_examples=100, deadline=None)
def test_city_and_partner_are_two_and_within_reach(lon: float, lat: float, reach: float) -> None:
    city, partner = look([WEST, EAST], lon, lat, reach)
    assert partner is None or (city is not None and city != partner)
    for code in filter(None, (city, partner)):
        shape = (WEST if code == "W" else EAST).geometry
        assert shape.distance(Point(lon, lat)) <= max(reach, 50) * KM / 1000 * 1.01


def numbered(tmp_path: Path, rows: str) -> duckdb.DuckDBPyConnection:
    path = tmp_path / "cells.csv"
    path.write_text(rows)
    con = duckdb.connect()
    cells.read_cells(con, path)
    cells.resolve_cells(con, [WEST, EAST])
    places.number_places(con)
    return con


OWN = "cgi,lon,lat,range_m\n"
INLAND, BORDER = "460-00-1-1,99.5,0,1000\n", "460-00-1-2,99.995,0,1000\n"
FAR_EAST = "460-00-1-3,100.9,0,1000\n"


def test_places_are_a_city_and_the_city_that_is_reached(tmp_path: Path) -> None:
    con = numbered(tmp_path, OWN + INLAND + BORDER + FAR_EAST)
    found = con.execute(
        """SELECT k.cgi, c.code, a.code, p.country FROM known_cells k JOIN places p USING (place)
        JOIN cities c ON c.city = p.city LEFT JOIN cities a ON a.city = p.partner ORDER BY 1"""
    ).fetchall()
    assert [row[1:] for row in found] == [("W", None, 460), ("W", "E", 460), ("E", None, 460)]


def test_the_circle_of_a_place_holds_all_of_its_cells(tmp_path: Path) -> None:
    con = numbered(tmp_path, OWN + INLAND + "460-00-1-4,99.1,0.5,2000\n" + FAR_EAST)
    rows = con.execute(
        "SELECT x, y, z, reach FROM places WHERE place > 0 ORDER BY place"
    ).fetchall()
    (ex, ey, ez, east), (wx, wy, wz, west) = rows
    assert 10 <= east <= 12  # one cell of 1 km
    assert 350 <= west <= 420  # two cells, 71 km apart, of 1 and 2 km
    assert abs(((ex - wx) ** 2 + (ey - wy) ** 2 + (ez - wz) ** 2) ** 0.5 - 1800) < 20


def test_the_order_of_the_cells_does_not_matter(tmp_path: Path) -> None:
    tables = [
        numbered(tmp_path, OWN + rows).execute("FROM places ORDER BY place").fetchall()
        for rows in (INLAND + BORDER + FAR_EAST, FAR_EAST + BORDER + INLAND)
    ]
    assert tables[0] == tables[1]


def test_every_mobile_country_code_has_a_place_of_its_country(tmp_path: Path) -> None:
    con = numbered(tmp_path, OWN + INLAND)
    found = dict(
        con.execute(
            """SELECT m.mcc, c.code FROM place_of_mcc m JOIN places p USING (place)
            JOIN cities c USING (city) WHERE p.place < 0"""
        ).fetchall()
    )
    assert found == COUNTRY_OF
    assert (found[460], found[454], found[310], found[262]) == ("CN", "HK", "US", "DE")


def test_opencellid_columns_are_understood(tmp_path: Path) -> None:
    con = numbered(
        tmp_path,
        "radio,mcc,net,area,cell,unit,lon,lat,range,samples\n"
        "LTE,460,0,1,7,0,99.5,0,1000,3\nLTE,310,4,1,8,0,99.5,0,1000,3\n",
    )
    assert con.execute("SELECT cgi FROM known_cells ORDER BY cgi").fetchall() == [
        ("310-004-1-8",),
        ("460-00-1-7",),
    ]
