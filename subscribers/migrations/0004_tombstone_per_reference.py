"""A tombstone for each reference: one for each IMSI forgot the first of two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_contested")]
    operations = [
        # By hand, since Django cannot move a primary key from one column to another.
        migrations.RunSQL(
            "ALTER TABLE subscribers_tombstone DROP CONSTRAINT subscribers_tombstone_pkey,"
            " ALTER subscriber_ref SET NOT NULL, ADD PRIMARY KEY (subscriber_ref)",
            state_operations=[
                migrations.AlterField(
                    "tombstone",
                    "subscriber_ref",
                    models.UUIDField(primary_key=True, serialize=False),
                ),
                migrations.AlterField("tombstone", "imsi_index", models.BinaryField()),
            ],
        ),
        migrations.AddIndex(
            "tombstone", models.Index(fields=["imsi_index"], name="tombstone_imsi")
        ),
    ]
