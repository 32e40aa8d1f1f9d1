"""The gate's functions for cases, and those of other rooms that know of them: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("disputes", "0001_initial"),
        ("accounts", "0001_initial"),
        ("audit", "0005_askers_and_auditors"),
        ("consent", "0006_questions_of_organisations"),
    ]
    operations = [
        SQLFile("audit", "vocabulary.sql"),
        SQLFile("disputes", "disputes.sql"),
        SQLFile("consent", "states.sql"),
        SQLFile("consent", "answers.sql"),
        SQLFile("consent", "release.sql"),
        SQLFile("consent", "erasure.sql"),
    ]
