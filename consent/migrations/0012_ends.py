"""Questions have an end, and so has a consent whose journey shows nothing; see `sql/`."""

from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_erasure_wishes")]
    operations = [
        # The web process may not insert it: what becomes of a question is not for it to say.
        migrations.AlterField(
            model_name="request",
            name="outcome",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="'asked', or why nobody was asked",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="recall_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        SQLFile("consent", "states.sql"),
        SQLFile("consent", "withdrawals.sql"),
        SQLFile("consent", "questions.sql"),
        SQLFile("consent", "release.sql"),
    ]
