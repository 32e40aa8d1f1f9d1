import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from travelcheck.stack import launcher
from travelcheck.stack.folders import StackError
from travelcheck.stack.supervisor import Interrupted, say


class Command(BaseCommand):
    help = "Run everything on this machine with demo data: servers, processes, phone simulator."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help="run the scripted conversations, print them, fail if a reply is wrong",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = launcher.demo(once=options["once"])
        except Interrupted:
            say("stopped")
            code = 130 if options["once"] else 0
        except (StackError, OSError) as error:
            raise CommandError(str(error)) from error
        sys.exit(code)
