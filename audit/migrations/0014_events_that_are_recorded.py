"""Events that nothing records are not on the list, and none is on it twice."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0013_entries_in_one_pass")]
    operations = [SQLFile("audit", "vocabulary.sql"), SQLFile("audit", "entries.sql")]
