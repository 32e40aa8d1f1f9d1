"""Places are data: an operator puts their own in the place of what was there."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from signaling.models import City
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service


def write_triangles(path: Path) -> Path:
    """The same land as the square cities, cut otherwise: two areas with names of their own."""
    features = []
    for code, name, ring in (
        ("north", "Upper", [[98, 30.005], [108, 30.005], [103, 60], [98, 30.005]]),
        ("south", "Lower", [[98, 30.005], [108, 30.005], [103, -60], [98, 30.005]]),
    ):
        properties = {"code": code, "name": name, "country": "XX"}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def cities_of_stays(service: Service) -> set[str]:
    return {row[4] for row in service.rows("staypoint")}


def test_other_places_give_cells_and_stays_other_cities(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.subscribe(made.open_subscriptions(2))
    end = made.noon(service.yesterday, 24)
    given = service.folder / "given.csv"
    given.write_text(f"cgi,lon,lat,range_m,city_code\n{made.cgi(4, 3)},104,30,100,{made.code(5)}\n")
    call_command("load_cells", str(given))
    for phone, city in ((0, 1), (1, 4)):
        start = made.noon(service.yesterday)
        cell = made.cgi(city, 3)
        minutes = range(0, int((end - start).total_seconds()), 600)
        service.take(
            made.Event(made.imsi(phone), made.noon(service.yesterday, 12 + m / 3600), cell)
            for m in minutes
        )
    assert cities_of_stays(service) == {made.code(1), made.code(5)}
    capsys.readouterr()

    call_command("load_cities", str(write_triangles(service.folder / "other.geojson")))
    shown = capsys.readouterr().out
    assert "ECharts" not in shown
    assert re.search(r"places +2\n", shown)
    assert re.search(rf"known cells with another city +{made.CITIES * made.CELLS - 1}\n", shown)
    call_command("ingest_events")
    # 30.0 degrees lies below the new boundary, half a kilometre away; a given city stays.
    assert cities_of_stays(service) == {"south", made.code(5)}
    assert dict(
        City.objects.filter(code__in=["north", made.code(1)]).values_list("code", "name")
    ) == {
        "north": "Upper",
        made.code(1): "City 1",  # what earlier answers may name keeps its name
    }


def test_the_bundled_places_name_their_sources_and_licences(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    call_command("load_cities")
    shown = capsys.readouterr().out
    for source in ("Apache ECharts", "Apache-2.0", "Natural Earth", "GeoNames", "CC BY 4.0"):
        assert source in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
