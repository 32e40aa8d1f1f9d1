"""From a number to its pseudonyms: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("oversight", "0001_initial")]
    operations = [SQLFile("oversight", "resolution.sql")]
