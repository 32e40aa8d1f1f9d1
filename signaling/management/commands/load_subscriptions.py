"""`manage.py load_subscriptions PATH…`: which number and which IMSI belonged together, and when."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signaling.reading import UnreadableFileError, expand
from signaling.subscription_files import load_subscriptions


class Command(BaseCommand):
    help = "Load subscriptions (msisdn, imsi, id_last4, valid_from, valid_to; CSV, gzip, Parquet)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load_subscriptions(paths=expand(options["paths"]))
        except UnreadableFileError as error:
            raise CommandError(str(error)) from None
        write = self.stdout.write
        write(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged")
        if report.erased:
            write(f"{report.erased} left out: the person had everything erased")
        for reason, rows in sorted(report.rejected.items()):
            write(f"{rows} rejected: {reason}")
        if report.reject_file:
            write(f"rejected rows, with what they hold: {report.reject_file}")
