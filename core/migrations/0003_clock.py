"""The clock costs no call."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("core", "0002_functions")]
    operations = [SQLFile("core", "clock.sql")]
