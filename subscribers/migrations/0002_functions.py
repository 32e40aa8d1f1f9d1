"""The schema of the gate, and what holds tenures."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial"), ("core", "0002_functions")]
    operations = [
        SQLFile("subscribers", "schema.sql"),
        SQLFile("subscribers", "tenures.sql"),
    ]
