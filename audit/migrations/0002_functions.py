"""The log's SQL functions, owned by the gate role, and the triggers of its tables."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0002_functions")]
    operations = [
        SQLFile("audit", "schema.sql"),
        SQLFile("audit", "vocabulary.sql"),
        SQLFile("audit", "canonical.sql"),
        SQLFile("audit", "entries.sql"),
        SQLFile("audit", "tables.sql"),
    ]
