"""Which city a cell serves: its point and its range circle against the places' shapes.

A place is a feature of a GeoJSON file (CRS84) with the properties code, name, name_zh, country
(ISO 3166-1 alpha-2) and admin1. Areas are polygons; a city abroad may be a point, which counts
for cells within reach of it and inside the polygon of its country.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import STRtree
from shapely.errors import GEOSException
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from signaling.reading import read_whole

BUNDLED: Final = Path(__file__).parent / "data" / "gazetteer.geojson.gz"
METRES_PER_DEGREE: Final = 111_195.0  # of a great circle on the sphere of 6,371,009 m
CIRCLE_POINTS: Final = 16
LEAST_RANGE_M: Final = 50.0
LARGEST_FILE: Final = 1 << 28  # bytes of GeoJSON; a country's prefectures take a few megabytes
NEAREST_CITY_POLE: Final = 0.05  # cos(latitude) is not taken smaller, to keep circles finite

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


class BadPlacesError(Exception):
    """A file of places that cannot be used; the text names the file and the feature."""


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    name: str
    name_zh: str
    country: str
    admin1: str
    geometry: BaseGeometry
    population: int = 0

    @property
    def is_point(self) -> bool:
        return isinstance(self.geometry, Point)

    @property
    def radius_m(self) -> float:
        """How far a city that is only a point reaches: 12 km, up to 35 km for the largest."""
        return float(min(35_000.0, 12_000.0 + 8.0 * self.population**0.5))


@dataclass(frozen=True, slots=True)
class Located:
    """Index of the place and of the border partner for each cell; -1 where there is none."""

    city: Integers
    partner: Integers


def read_places(path: Path) -> list[Place]:
    """Places of a GeoJSON file, plain or gzip. Raises BadPlacesError and UnreadableFileError."""
    text = read_whole(path, most=LARGEST_FILE)
    try:
        features = list(json.loads(text)["features"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadPlacesError(
            f"{path}: not a GeoJSON FeatureCollection ({type(error).__name__})"
        ) from None
    places = [_place(path, number, feature) for number, feature in enumerate(features, 1)]
    codes = [place.code for place in places]
    if len(set(codes)) != len(codes):
        twice = next(code for code in codes if codes.count(code) > 1)
        raise BadPlacesError(f"{path}: the code {twice} occurs more than once")
    return places


def _place(path: Path, number: int, feature: Any) -> Place:
    try:
        properties = feature["properties"]
        geometry = shape(feature["geometry"])
        place = Place(
            code=str(properties["code"]),
            name=str(properties["name"]),
            name_zh=str(properties.get("name_zh") or properties["name"]),
            country=str(properties["country"]),
            admin1=str(properties.get("admin1") or ""),
            geometry=_usable(geometry),
            population=int(properties.get("population") or 0),
        )
    except (KeyError, TypeError, ValueError, GEOSException) as error:
        raise BadPlacesError(f"{path}: feature {number} cannot be used ({error!r})") from None
    if not place.code or len(place.code) > 20 or place.geometry.is_empty:
        raise BadPlacesError(
            f"{path}: feature {number} needs a code of 1 to 20 letters and a shape"
        )
    if place.geometry.geom_type not in ("Polygon", "MultiPolygon", "Point"):
        raise BadPlacesError(f"{path}: feature {number} is neither an area nor a point")
    west, south, east, north = place.geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadPlacesError(
            f"{path}: feature {number} is not in degrees of longitude and latitude (CRS84)"
        )
    return place


def _usable(geometry: BaseGeometry) -> BaseGeometry:
    """A shape that crosses itself as the area that it encloses; of a collection its areas, without
    the stray lines that simplifying leaves behind."""
    if geometry.geom_type == "GeometryCollection":
        areas = [part for part in shapely.get_parts(geometry) if shapely.area(part)]
        geometry = shapely.union_all(areas) if areas else geometry
    if geometry.is_valid:
        return geometry
    return shapely.make_valid(geometry, method="structure", keep_collapsed=False)


def circles(lon: Floats, lat: Floats, radius_m: Floats) -> npt.NDArray[np.object_]:
    """Circles on the ground as polygons in degrees."""
    angle = np.linspace(0.0, 2 * np.pi, CIRCLE_POINTS, endpoint=False)
    reach = np.maximum(radius_m, LEAST_RANGE_M)[:, None] / METRES_PER_DEGREE
    shrink = np.maximum(np.cos(np.radians(lat)), NEAREST_CITY_POLE)[:, None]
    x = lon[:, None] + reach * np.cos(angle) / shrink
    y = lat[:, None] + reach * np.sin(angle)
    return np.asarray(shapely.polygons(np.stack([x, y], axis=-1)), dtype=np.object_)


def locate(places: Sequence[Place], lon: Floats, lat: Floats, range_m: Floats) -> Located:
    """The place that most of each cell's range lies in, and the one that the next most lies in.

    Where neither has more than the other, the one that holds the point comes first. A cell beyond
    every polygon belongs to what its range reaches, if anything.
    """
    areas = [i for i, place in enumerate(places) if not place.is_point]
    city = np.full(len(lon), -1, dtype=np.int64)
    partner = np.full(len(lon), -1, dtype=np.int64)
    if areas and len(lon):
        shapes = np.array([places[i].geometry for i in areas], dtype=object)
        round_cells = circles(lon, lat, range_m)
        cell, area = _pairs(shapes, round_cells)
        shared = np.bincount(cell, minlength=len(lon))[cell] > 1
        city[cell[~shared]] = area[~shared]
        cell, area = cell[shared], area[shared]
        share = _shares(round_cells, shapes, cell, area)
        points = np.asarray(shapely.points(lon[cell], lat[cell]), dtype=np.object_)
        outside = ~shapely.intersects(points, shapes[area])
        order = np.lexsort((area, outside, -share, cell))
        cell, area = cell[order], area[order]
        first = np.unique(cell, return_index=True)[1]
        city[cell[first]] = area[first]
        partner[cell[first]] = area[first + 1]
        lookup = np.append(np.asarray(areas, dtype=np.int64), -1)
        city, partner = lookup[city], lookup[partner]
    _prefer_points(places, city, lon, lat)
    return Located(city, partner)


def _shares(round_cells: Texts, shapes: Texts, cell: Integers, area: Integers) -> Floats:
    """How much of each cell lies in each shape, in percent: what differs less is as good as equal.

    A shape is cut down to a cell's surroundings first, or a long coast would be walked every time.
    """
    small = round_cells[cell]
    west, south, east, north = shapely.bounds(small).T
    near = [
        shapely.clip_by_rect(shape, *box)
        for shape, *box in zip(shapes[area], west, south, east, north, strict=True)
    ]
    common = shapely.area(shapely.intersection(np.array(near, dtype=object), small))
    return np.asarray(np.round(100 * common / shapely.area(small)))


def _pairs(shapes: Texts, small: Texts) -> tuple[Integers, Integers]:
    """(index in `small`, index in `shapes`) of all that meet, sorted.

    The small ones are in the tree and the shapes are asked for: what is asked for is prepared once.
    """
    shape_index, small_index = STRtree(small).query(shapes, predicate="intersects")
    order = np.lexsort((shape_index, small_index))
    return small_index[order], shape_index[order]


def _prefer_points(places: Sequence[Place], city: Integers, lon: Floats, lat: Floats) -> None:
    """Inside a country that is one polygon, the nearest of its point cities in reach wins."""
    by_point = [i for i, place in enumerate(places) if place.is_point]
    if not by_point or not len(lon):
        return
    countries = np.array([place.country for place in places], dtype=object)
    whole = np.array([place.code == place.country for place in places])
    candidates = np.flatnonzero((city >= 0) & whole[city])
    if not len(candidates):
        return
    x, y = shapely.get_coordinates([places[i].geometry for i in by_point]).T
    reach = np.array([places[i].radius_m for i in by_point])
    tree = STRtree(circles(x, y, reach))
    cell, near = tree.query(
        shapely.points(lon[candidates], lat[candidates]), predicate="intersects"
    )
    cell, point = candidates[cell], np.asarray(by_point)[near]
    same = countries[city[cell]] == countries[point]
    cell, point, near = cell[same], point[same], near[same]
    far = great_circle(lon[cell], lat[cell], x[near], y[near])
    order = np.lexsort((point, far, cell))
    first = np.unique(cell[order], return_index=True)[1]
    city[cell[order][first]] = point[order][first]


def great_circle(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Distance in metres on the sphere (haversine)."""
    a1, a2 = np.radians(lat1), np.radians(lat2)
    h = (
        np.sin((a2 - a1) / 2) ** 2
        + np.cos(a1) * np.cos(a2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    )
    return np.asarray(2 * METRES_PER_DEGREE * np.degrees(np.arcsin(np.sqrt(h))))
