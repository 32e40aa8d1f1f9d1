"""Legal holds, erasures that wait for them; how logs of earlier years ended, and their pruning."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_events_that_are_recorded")]
    operations = [
        migrations.CreateModel(
            name="Pruned",
            fields=[
                ("log", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("pruned_at", models.DateTimeField()),
            ],
        ),
        SQLFile("audit", "vocabulary.sql"),
        SQLFile("audit", "entries.sql"),
        SQLFile("audit", "years.sql"),
    ]
