"""Withdrawing by phone: what staff are told, and the function that acts on it."""

import uuid

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_whom")]
    operations = [
        migrations.CreateModel(
            name="WithdrawalByPhone",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("number_index", models.BinaryField()),
                (
                    "number_sealed",
                    models.BinaryField(help_text="under the number's key, for the text"),
                ),
                ("key_id", models.UUIDField()),
                ("by_ref", models.UUIDField(help_text="the member of staff")),
                (
                    "reason",
                    models.TextField(
                        choices=[
                            ("asked", "Asked"),
                            ("complaint", "Complaint"),
                            ("mistake", "Mistake"),
                            ("security", "Security"),
                        ]
                    ),
                ),
                ("told_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)),
                        fields=["told_at"],
                        name="withdrawal_by_phone_waits",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reason__in", ["asked", "complaint", "mistake", "security"])
                        ),
                        name="withdrawal_reason_is_known",
                    )
                ],
            },
        ),
        SQLFile("consent", "withdrawals.sql"),
        SQLFile("consent", "erasure.sql"),
    ]
