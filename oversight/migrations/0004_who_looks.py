"""The entry about a pseudonym names who looked: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("oversight", "0003_legal_holds")]
    operations = [SQLFile("oversight", "resolution.sql")]
