"""`manage.py load_cities [PATH]`: the places that stays are reported in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from signaling.loading import load_cities
from signaling.operating import OperatorCommand

BUNDLED = """\
the bundled gazetteer, for demonstrations; no position on any territory:
  areas of China: Apache ECharts 4.9.0, Apache-2.0
  countries: Natural Earth 1:50m (public domain) by world-atlas 2.0.2, ISC
  cities abroad: GeoNames (geonames.org), CC BY 4.0; names: Unicode CLDR
  replace it with `load_cities PATH`; details: signaling/data/README.md"""


class Command(OperatorCommand):
    help = "Load places from GeoJSON (code, name, name_zh, country, admin1), or the bundled ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="without it: the bundled gazetteer")

    def run(self, options: dict[str, Any]) -> None:
        done = load_cities(path=options["path"])
        if options["path"] is None:
            self.stdout.write(BUNDLED)
        self.line("places", done.places)
        self.line("cells looked up anew", done.cells)
        self.line("outside every place", done.without_city)
        self.line("known cells with another city", done.moved)
        if done.moved:
            self.stdout.write("  the next ingest_events compiles everybody anew")
