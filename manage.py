#!/usr/bin/env python
"""Django's command line. Each command runs as the database role that belongs to it."""

import os
import sys

from core.roles import role_of_command


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "travelcheck.settings")
    os.environ.setdefault("SERVICE_ROLE", role_of_command(command))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
