import os
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.roles import LOGIN_ROLES, database_variable
from travelcheck.stack.database_roles import create_roles, plan_from
from travelcheck.stack.folders import StackError, local_folder
from travelcheck.stack.local import is_set, stored, value_of
from travelcheck.stack.postgres import Postgres


class Command(BaseCommand):
    help = (
        "Prepare an empty PostgreSQL server: the database and the roles that DATABASE_URL and "
        "DATABASE_<ROLE>_URL name, with their passwords. Run it again to change passwords."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url",
            default="",
            help="of a superuser, or a role with CREATEROLE and CREATEDB; better kept out of the "
            "process list, in DATABASE_ADMIN_URL or DATABASE_ADMIN_URL_FILE",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            admin_url = options["admin_url"] or value_of("DATABASE_ADMIN_URL", os.environ)
            given = os.environ if is_set("DATABASE_URL", os.environ) else stored(local_folder())
            plan = plan_from(
                {role: value_of(database_variable(role), given) for role in LOGIN_ROLES}
            )
            create_roles(admin_url or Postgres(local_folder()).admin_url, plan)
        except (StackError, OSError, psycopg.Error) as error:
            raise CommandError(" ".join(str(error).split())) from error
        self.stdout.write(f"database {plan.database} and the roles {plan.prefix}_… are ready")
