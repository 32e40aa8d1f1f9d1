"""What the web process may do with an opening, and what ends one: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("subject_access", "0001_initial"),
        ("audit", "0016_own_page"),
        ("consent", "0013_own_page"),
    ]
    operations = [SQLFile("subject_access", "openings.sql")]
