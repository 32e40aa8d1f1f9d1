"""Everything of a number is locked in the order in which an erasure locks it; see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0009_numbers_until_considered")]
    operations = [SQLFile("consent", "withdrawals.sql")]
