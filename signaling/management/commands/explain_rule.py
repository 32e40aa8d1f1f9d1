"""`manage.py explain_rule`: the rule in words, with its version and its parameters."""

from typing import Any

from django.core.management.base import BaseCommand

from signaling.explanation import explain
from signaling.rule import Parameters


class Command(BaseCommand):
    help = "Print the rule that makes stays out of events, in words."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(explain(Parameters()))
