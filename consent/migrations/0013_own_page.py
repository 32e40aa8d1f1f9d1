"""STOP and ERASE close a person's own page; see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_ends")]
    operations = [SQLFile("consent", "erasure.sql"), SQLFile("consent", "withdrawals.sql")]
