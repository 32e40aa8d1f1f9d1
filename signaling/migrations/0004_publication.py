"""Publication by what differs, and a purge that never stalls releases."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("signaling", "0003_days_and_totals")]
    operations = [
        SQLFile("signaling", "publication.sql"),
        SQLFile("signaling", "retention.sql"),
    ]
