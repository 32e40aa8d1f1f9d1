"""The years that have a log, for whoever goes through all of them."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_second_providers")]
    operations = [SQLFile("audit", "acceptance.sql")]
