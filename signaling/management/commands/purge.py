"""`manage.py purge`: delete what has left its time."""

from typing import Any

from signaling.operating import OperatorCommand
from signaling.retention import purge


class Command(OperatorCommand):
    help = "Drop stay-points and events of the days that have left the window."

    def run(self, options: dict[str, Any]) -> None:
        self.line("days dropped", len(purge(by="operator")))
