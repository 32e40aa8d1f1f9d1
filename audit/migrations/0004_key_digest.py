"""The digest of a public key, in entries about keys."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_organisations_and_staff")]
    operations = [SQLFile("audit", "vocabulary.sql")]
