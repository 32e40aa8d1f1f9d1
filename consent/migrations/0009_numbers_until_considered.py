"""A number that was asked about is kept until the question was considered; see `sql/`."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_by_phone")]
    operations = [
        migrations.AlterField(
            model_name="request",
            name="number_sealed",
            field=models.BinaryField(
                help_text="under the number's key, until it was considered", null=True
            ),
        ),
        SQLFile("consent", "questions.sql"),
        migrations.RunSQL(
            "UPDATE consent_request SET number_sealed = NULL"
            " WHERE considered_at IS NOT NULL AND NOT is_test",
            migrations.RunSQL.noop,
        ),
    ]
