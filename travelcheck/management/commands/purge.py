"""`manage.py purge`: delete what has left its time, now."""

from typing import Any

from django.conf import settings

from signaling.operating import OperatorCommand
from travelcheck import retention


class Command(OperatorCommand):
    help = (
        "Delete what is over its time (travelcheck/retention.py), as far as this role may: as"
        " ingest days of the signaling store, with SERVICE_ROLE=worker texts and the rest."
    )

    def run(self, options: dict[str, Any]) -> None:
        for what, gone in retention.enforce(settings.SERVICE_ROLE):
            self.stdout.write(f"{gone:>10,}  {what}")
