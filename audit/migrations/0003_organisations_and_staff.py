"""The events and fields of organisations and staff."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_functions")]
    operations = [SQLFile("audit", "vocabulary.sql")]
