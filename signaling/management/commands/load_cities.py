"""`manage.py load_cities [PATH]`: the places that stays are reported in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling.geography import BadPlacesError
from signaling.loading import load_cities
from signaling.locks import StoreIsBusyError


class Command(BaseCommand):
    help = "Load places from GeoJSON (code, name, name_zh, country, admin1), or the bundled ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="without it: the bundled gazetteer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            places = load_cities(path=options["path"])
        except (BadPlacesError, StoreIsBusyError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{places} places")
