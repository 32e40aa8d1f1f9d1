"""The gate's functions as they are now: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0002_functions"),
        ("sms_gateway", "0003_marks"),
        ("subscribers", "0003_contested"),
    ]
    operations = [
        SQLFile("consent", "before_0003.sql"),
        SQLFile("consent", "states.sql"),
        SQLFile("consent", "requests.sql"),
        SQLFile("consent", "answers.sql"),
        SQLFile("consent", "withdrawals.sql"),
        SQLFile("consent", "access.sql"),
        SQLFile("consent", "release.sql"),
        SQLFile("consent", "erasure.sql"),
    ]
