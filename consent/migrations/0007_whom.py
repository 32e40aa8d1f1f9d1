"""Whom a question is about, and one that shows nothing: see `sql/`."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_questions_of_organisations")]
    operations = [
        SQLFile("consent", "questions.sql"),
        SQLFile("consent", "release.sql"),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["recalled_at"],
                name="consent_recalled",
                condition=models.Q(recalled_at__isnull=False),
            ),
        ),
    ]
