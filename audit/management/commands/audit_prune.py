"""`manage.py audit_prune YEAR`: the entries of an old year go, by the published policy."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import services
from audit.copy import KEPT_YEARS

WHY_NOT = {
    "unknown": "there is no log of this year",
    "pruned_before": "it is pruned already",
    "too_young": f"entries are kept for {KEPT_YEARS} full years after their own",
    "not_the_oldest": "an older year is to be pruned first",
    "waiting": "entries of this year still wait for a checkpoint",
    "not_linked": "no later log says yet how this one ended, under an accepted checkpoint",
    "no_copy": "no copy of the whole year was verified: manage.py audit_export DIR, then"
    " manage.py audit_verify DIR",
    "held": "a legal hold keeps records of somebody in it",
}


class Command(BaseCommand):
    """Beat does the same every hour for whatever is due; the database decides."""

    help = "Delete the entries of a year whose time is over. Needs the worker's role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = services.prune(year=options["year"])
        if outcome != "pruned":
            raise CommandError(WHY_NOT[outcome])
        services.clear_pruned()
        self.stdout.write(f"{options['year']}: pruned; its last checkpoint stays")
