import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Conversation",
            fields=[
                (
                    "tenure_id",
                    models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False),
                ),
                (
                    "list_ids",
                    models.JSONField(
                        default=list, help_text="consents, in the order of their numbers"
                    ),
                ),
                ("list_until", models.DateTimeField(null=True)),
                (
                    "more_sealed",
                    models.BinaryField(help_text="under the person's key", null=True),
                ),
                ("more_until", models.DateTimeField(null=True)),
                (
                    "erase_digest",
                    models.BinaryField(help_text="keyed hash of the code", null=True),
                ),
                ("erase_until", models.DateTimeField(null=True)),
                (
                    "erase_attempts",
                    models.SmallIntegerField(default=0, help_text="wrong codes received"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("more_until__isnull", False)),
                        fields=["more_until"],
                        name="conversation_with_rest",
                    )
                ],
            },
        ),
    ]
