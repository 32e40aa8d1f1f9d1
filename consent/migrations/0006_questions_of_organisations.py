"""Organisations' questions, and answers that are taken back: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0005_requests"),
        ("organisations", "0001_initial"),
        ("audit", "0005_askers_and_auditors"),
    ]
    operations = [
        SQLFile("consent", "states.sql"),
        SQLFile("consent", "requests.sql"),
        SQLFile("consent", "questions.sql"),
        SQLFile("consent", "withdrawals.sql"),
        SQLFile("consent", "release.sql"),
        SQLFile("consent", "erasure.sql"),
    ]
