"""Time in SQL, and the installation's one row."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from core.migration_operations import SQLFile


def initialise(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("core", "Installation").objects.create(
        id=1, time_zone=settings.SERVICE_TIME_ZONE
    )


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        SQLFile("core", "functions.sql"),
        SQLFile("core", "clock.sql"),
        migrations.RunPython(initialise),
    ]
