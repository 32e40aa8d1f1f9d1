"""The state machine and the gate."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    # SQL functions name tables of other rooms only when they run; they are all there by then.
    dependencies = [
        ("consent", "0001_initial"),
        ("subscribers", "0002_functions"),
        ("audit", "0002_functions"),
    ]
    operations = [
        SQLFile("consent", "states.sql"),
        SQLFile("consent", "requests.sql"),
        SQLFile("consent", "answers.sql"),
        SQLFile("consent", "withdrawals.sql"),
        SQLFile("consent", "access.sql"),
        SQLFile("consent", "release.sql"),
        SQLFile("consent", "erasure.sql"),
    ]
