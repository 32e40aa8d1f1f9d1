"""A second account with a provider has a name of its own."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_a_log_each_year")]
    operations = [SQLFile("audit", "vocabulary.sql")]
