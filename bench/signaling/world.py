"""A made-up country to move in: real prefectures, invented towns, cells and addresses.

The boundaries are the bundled gazetteer's, so they are as crooked as real ones. Towns are put into
the prefectures, and some on their boundaries; a phone at an address near a boundary may well be
heard by cells that stand on the other side of it.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree
from shapely.geometry import mapping

from signaling.geography import BUNDLED, Place, read_places

CELLS: Final = 60_000
ADDRESSES: Final = 150_000
HEARD: Final = 6  # how many cells can be heard at an address
LARGEST_DEGREES: Final = 8.0  # the deserts' prefectures, larger than this, are left out
EARTH_KM: Final = 6_371.0
BORDER_TOWNS: Final = 700
MOSTLY: Final = 0.45  # of what is heard at an address, at most, stands in other cities

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Cells and addresses; cities and cells are meant by their index. Shares are cumulative."""

    places: list[Place]
    weight: Floats  # of a city: its share of the people
    cell_lon: Floats
    cell_lat: Floats
    cell_range: Floats
    lon: Floats  # of addresses, sorted by city
    lat: Floats
    city: Integers
    first: Integers  # of each city: where its addresses begin; one more at the end
    cells: Integers  # the cells that are heard at an address
    calm: Floats  # their shares on a usual half-hour
    unsteady: Floats  # and when the network keeps changing its mind
    border: Integers  # addresses where cells of two cities are heard
    near: KDTree  # of addresses


def on_sphere(lon: Floats, lat: Floats) -> Floats:
    """Points on the sphere in kilometres, so that a k-d tree can measure."""
    x, y = np.radians(lon), np.radians(lat)
    return EARTH_KM * np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=1)


def cgi_sql(cell: str) -> str:
    """SQL for the name of a cell by its index."""
    return f"concat('460-00-', 1000 + {cell} // 500, '-', 100000000 + 7 * {cell})"


def make_world(seed: int, *, cells: int = CELLS, addresses: int = ADDRESSES) -> World:
    dice = np.random.default_rng([seed, 1])
    places = [
        place
        for place in read_places(BUNDLED)
        if place.country == "CN"
        and not place.is_point
        and place.code != "CN"
        and place.geometry.area < LARGEST_DEGREES
        and place.geometry.centroid.x > 100
    ]
    weight = dice.permutation(1.0 / (8 + np.arange(len(places))) ** 0.9)
    weight /= weight.sum()
    lon, lat = _sites(dice, places, weight, cells)
    city = _city_of(places, lon, lat)
    lon, lat, city = lon[city >= 0], lat[city >= 0], city[city >= 0]
    points = on_sphere(lon, lat)
    reach = np.clip(1_200 * KDTree(points).query(points, k=5)[0][:, 4], 400, 6_000)
    return _with_addresses(dice, places, weight, (lon, lat, reach, city), addresses)


def _sites(
    dice: np.random.Generator, places: Sequence[Place], weight: Floats, cells: int
) -> tuple[Floats, Floats]:
    """Two in three in towns, one in four of those on a boundary; the others anywhere."""
    lon, lat, spread = [], [], []
    for place, share in zip(places, weight, strict=True):
        towns = _inside(dice, place, 1 + int(dice.integers(4)))
        chosen = towns[dice.integers(len(towns), size=int(cells * share * 0.75) + 20)]
        wild = _inside(dice, place, int(cells * share * 0.05) + 30)
        lon += [chosen[:, 0], wild[:, 0]]
        lat += [chosen[:, 1], wild[:, 1]]
        spread += [np.full(len(chosen), 3.0 + 100 * share), np.zeros(len(wild))]
    for place in dice.choice(np.array(places, dtype=object), size=BORDER_TOWNS):
        where = place.geometry.buffer(0).boundary.interpolate(float(dice.random()), normalized=True)
        many = max(int(cells * 0.06 / BORDER_TOWNS), 4)
        lon.append(np.full(many, where.x))
        lat.append(np.full(many, where.y))
        spread.append(np.full(many, 1.5))
    x, y, km = np.concatenate(lon), np.concatenate(lat), np.concatenate(spread)
    return _moved(dice, x, y, km)


def _moved(
    dice: np.random.Generator, lon: Floats, lat: Floats, km: Floats
) -> tuple[Floats, Floats]:
    degrees = km / 111.2
    east, north = dice.normal(size=(2, len(lon))) * degrees
    return lon + east / np.cos(np.radians(lat)), lat + north


def _inside(dice: np.random.Generator, place: Place, many: int) -> Floats:
    """Points evenly spread over the place."""
    west, south, east, north = place.geometry.bounds
    found = np.empty((0, 2))
    while len(found) < many:
        points = dice.uniform((west, south), (east, north), size=(4 * many, 2))
        found = np.concatenate(
            [found, points[shapely.contains_xy(place.geometry, points[:, 0], points[:, 1])]]
        )
    return found[:many]


def _city_of(places: Sequence[Place], lon: Floats, lat: Floats) -> Integers:
    shapes = np.array([place.geometry for place in places], dtype=object)
    points = np.asarray(shapely.points(lon, lat), dtype=np.object_)
    area, point = shapely.STRtree(points).query(shapes, predicate="contains")
    city = np.full(len(lon), -1, dtype=np.int64)
    city[point] = area
    return city


def _with_addresses(
    dice: np.random.Generator,
    places: list[Place],
    weight: Floats,
    sites: tuple[Floats, Floats, Floats, Integers],
    addresses: int,
) -> World:
    """Where nothing but the other side is heard nobody lives: no rule could know."""
    site_lon, site_lat, reach, site_city = sites
    at = dice.integers(len(site_lon), size=addresses)
    lon, lat = _moved(dice, site_lon[at], site_lat[at], reach[at] / 2_000)
    city = _city_of(places, lon, lat)
    far, cells = KDTree(on_sphere(site_lon, site_lat)).query(on_sphere(lon, lat), k=HEARD)
    pull = np.exp(-((1_000 * far / reach[cells]) ** 2)) + 1e-9
    calm, unsteady = _cumulative(pull**2), _cumulative(pull**0.5)
    shares = np.diff(calm, axis=1, prepend=0)
    abroad = (shares * (site_city[cells] != city[:, None])).sum(axis=1)
    fit = np.flatnonzero((city >= 0) & (abroad < MOSTLY))
    order = fit[np.argsort(city[fit], kind="stable")]
    return World(
        places,
        weight,
        site_lon,
        site_lat,
        reach,
        lon[order],
        lat[order],
        city[order],
        np.searchsorted(city[order], np.arange(len(places) + 1)),
        cells[order],
        calm[order],
        unsteady[order],
        np.flatnonzero(abroad[order] > 0.05),
        KDTree(on_sphere(lon[order], lat[order])),
    )


def _cumulative(pull: Floats) -> Floats:
    sums = np.cumsum(pull, axis=1)
    return np.asarray(sums / sums[:, -1:])


def write_places(world: World, target: Path) -> None:
    """The prefectures that were used, as an operator's own GeoJSON."""
    features = [
        {
            "type": "Feature",
            "properties": {
                name: getattr(place, name)
                for name in ("code", "name", "name_zh", "country", "admin1")
            },
            "geometry": mapping(place.geometry),
        }
        for place in world.places
    ]
    with gzip.open(target, "wt", encoding="utf-8") as file:
        json.dump({"type": "FeatureCollection", "features": features}, file)
