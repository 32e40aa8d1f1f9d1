"""A person opens their own page, and takes a copy of it away."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0015_holds_and_years")]
    operations = [SQLFile("audit", "vocabulary.sql"), SQLFile("audit", "entries.sql")]
