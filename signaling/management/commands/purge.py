"""`manage.py purge`: delete what has left its time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from signaling.locks import StoreIsBusyError
from signaling.services import purge


class Command(BaseCommand):
    help = "Drop stay-points and events of the days that have left the window."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            days = purge(by="operator")
        except (StoreIsBusyError, DatabaseError) as error:
            raise CommandError(f"not purged: {error}") from None
        self.stdout.write(f"{len(days)} days dropped")
