"""What left the window while a run was busy is not published any more: see `sql/`."""

from django.db import migrations

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("signaling", "0004_publication")]
    operations = [SQLFile("signaling", "publication.sql")]
