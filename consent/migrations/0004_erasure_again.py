"""Erasure leaves a tombstone for each reference: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_functions_again"),
        ("subscribers", "0004_tombstone_per_reference"),
    ]
    operations = [SQLFile("consent", "erasure.sql")]
