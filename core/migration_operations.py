"""SQL kept in files, run by migrations as owner.

Role names are cluster-wide, so they carry a prefix that differs between databases. SQL files name
roles by their short name in braces, `{gate}` or `{worker}`; the prefix is read from the name of
the owner who migrates (`<prefix>_owner`).
"""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

ROLES = ("owner", "web", "worker", "sequencer", "ingest", "auditor", "gate")
ROLE_TOKEN = re.compile(r"\{(" + "|".join(ROLES) + r")\}")


def role_prefix(owner: str) -> str:
    """`travelcheck` of `travelcheck_owner`. Raises ValueError for any other name."""
    prefix, separator, short = owner.rpartition("_")
    if not separator or short != "owner":
        raise ValueError(f"migrations run as the role <prefix>_owner, not as {owner!r}")
    return prefix


def fill_roles(sql: str, prefix: str) -> str:
    """Replace `{worker}` and the like by quoted role names."""
    return ROLE_TOKEN.sub(lambda match: f'"{prefix}_{match[1]}"', sql)


class SQLFile(Operation):
    """Run `<app>/sql/<name>`, as one migration step."""

    reversible = False  # a service goes on with a new migration, never back
    reduces_to_sql = True

    def __init__(self, app: str, name: str) -> None:
        self.app, self.name = app, name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [self.app, self.name], {})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """SQL files change no model."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        sql = (Path(settings.BASE_DIR) / self.app / "sql" / self.name).read_text()
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            row = cursor.fetchone()
            assert row is not None
            cursor.execute(fill_roles(sql, role_prefix(row[0])))

    def describe(self) -> str:
        return f"Run {self.app}/sql/{self.name}"
