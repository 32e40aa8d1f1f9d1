"""The web process sees no text that goes out for an organisation; see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("sms_gateway", "0010_senders")]
    operations = [SQLFile("sms_gateway", "for_web.sql")]
