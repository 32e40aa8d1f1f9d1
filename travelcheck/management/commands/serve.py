from typing import Any

from django.core.management.base import BaseCommand, CommandError

from travelcheck.stack import launcher
from travelcheck.stack.folders import StackError
from travelcheck.stack.supervisor import Interrupted, say


class Command(BaseCommand):
    help = "Run all processes of the service, configured by the environment alone."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            launcher.serve()
        except Interrupted:
            say("stopped")
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error
