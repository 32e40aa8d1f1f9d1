from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inquiry", "0001_initial")]

    operations = [
        migrations.RemoveField("conversation", "list_ids"),
        migrations.RemoveField("conversation", "list_until"),
        migrations.AddField(
            "conversation",
            "numbered",
            models.JSONField(
                default=dict,
                help_text="kind of list -> {'until': moment, 'items': what its numbers mean}",
            ),
        ),
        migrations.AddField(
            "conversation",
            "id_attempts",
            models.SmallIntegerField(default=0, help_text="wrong IDs received"),
        ),
        migrations.AddField(
            "conversation",
            "held_until",
            models.DateTimeField(null=True, help_text="after three of them"),
        ),
    ]
