"""The worker deletes applications, and no organisation that was ever approved."""

from django.db import migrations

TRIGGER = """
CREATE TRIGGER who_was_approved_stays BEFORE DELETE ON organisations_organisation
FOR EACH ROW WHEN (OLD.approved_at IS NOT NULL) EXECUTE FUNCTION core.refuse_change()
"""


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_initial"), ("core", "0002_functions")]
    operations = [migrations.RunSQL(TRIGGER)]
