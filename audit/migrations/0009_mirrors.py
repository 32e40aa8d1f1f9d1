"""Mirrors, and what the web process hands out of the log."""

import uuid

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_years")]
    operations = [
        migrations.CreateModel(
            name="Mirror",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("name", models.TextField(help_text="of an organisation, never of a person")),
                ("token_sha256", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "read_on",
                    models.DateField(
                        help_text="the last day (UTC) on which it read entries", null=True
                    ),
                ),
            ],
        ),
        SQLFile("audit", "publication.sql"),
    ]
