from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0004_tombstone_per_reference")]
    operations = [
        migrations.AddField(
            "tenure",
            "id_digest",
            models.BinaryField(help_text="keyed hash of the end of the holder's ID", null=True),
        ),
    ]
