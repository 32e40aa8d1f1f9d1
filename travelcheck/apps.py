from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, transaction
from django.db.models.signals import post_migrate


def apply_privileges(using: str, **_: Any) -> None:
    """After each migration the database's privileges are those of `travelcheck.privileges`."""
    from travelcheck import granting

    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        granting.apply(cursor)


class TravelcheckConfig(AppConfig):
    """The house: settings, processes, privileges."""

    name = "travelcheck"

    def ready(self) -> None:
        from travelcheck import celery  # noqa: F401  (tasks go to the configured queue)

        # Sent once for each room that has tables; one of them is enough.
        room = apps.get_app_config("core")
        post_migrate.connect(apply_privileges, sender=room, dispatch_uid="privileges")
