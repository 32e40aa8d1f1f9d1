"""An entry costs fewer indexes, and less to check."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0016_own_page")]
    operations = [
        migrations.RemoveIndex(model_name="entry", name="audit_entry_at"),
        migrations.RemoveIndex(model_name="entry", name="audit_entry_of_subject"),
        migrations.RemoveIndex(model_name="entry", name="audit_entry_of_consent"),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("subject_ref__isnull", False)),
                fields=["subject_ref", "id"],
                name="audit_entry_of_subject",
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("consent_id__isnull", False)),
                fields=["consent_id", "id"],
                name="audit_entry_of_consent",
            ),
        ),
        SQLFile("audit", "entries.sql"),
    ]
