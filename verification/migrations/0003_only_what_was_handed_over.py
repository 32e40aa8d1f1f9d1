"""Which answers the web process can see: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("verification", "0002_answers")]
    operations = [SQLFile("verification", "answers.sql")]
