from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.models.signals import post_migrate


def apply_privileges(using: str, **_: Any) -> None:
    """After each migration the database's privileges are those of `travelcheck.privileges`."""
    from travelcheck import privileges

    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        privileges.apply(cursor)


class TravelcheckConfig(AppConfig):
    """The house: settings, processes, privileges."""

    name = "travelcheck"

    def ready(self) -> None:
        post_migrate.connect(apply_privileges, sender=self, dispatch_uid="privileges")
