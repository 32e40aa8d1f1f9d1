"""What staff end for people who call."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0010_indexes_for_auditors")]
    operations = [SQLFile("audit", "vocabulary.sql")]
