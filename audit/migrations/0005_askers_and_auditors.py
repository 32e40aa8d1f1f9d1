"""What employers, disputes, auditors and the gateway leave in the log."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_key_digest")]
    operations = [SQLFile("audit", "vocabulary.sql")]
