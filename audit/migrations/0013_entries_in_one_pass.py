"""An entry is checked and written in one pass over its fields."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0012_checkpoints_by_time"), ("core", "0003_clock")]
    operations = [SQLFile("audit", "vocabulary.sql"), SQLFile("audit", "entries.sql")]
