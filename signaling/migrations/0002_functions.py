"""The store of stay-points, and the only ways into it."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("signaling", "0001_initial"),
        ("core", "0002_functions"),
        ("subscribers", "0002_functions"),
    ]
    operations = [
        SQLFile("signaling", "store.sql"),
        migrations.RunSQL(
            "SELECT signaling.ensure_days(d - core.window_days() - 1, d + 7)"
            " FROM core.service_day(core.now()) d"
        ),
    ]
