"""What was the last checkpoint before midnight, without looking at those since."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0011_ended_by_phone")]
    operations = [
        migrations.AddIndex(
            model_name="checkpoint",
            index=models.Index(fields=["log", "made_at"], name="audit_checkpoint_by_time"),
        ),
        SQLFile("audit", "publication.sql"),
    ]
