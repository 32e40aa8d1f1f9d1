"""What is in a status list: answers that were handed over. Those issued so far count as such."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0006_webhooks")]
    operations = [
        migrations.AddField(
            model_name="issuedanswer",
            name="is_handed_over",
            field=models.BooleanField(
                db_default=True, default=False, help_text="before that its list says nothing of it"
            ),
        ),
        migrations.AlterField(
            model_name="issuedanswer",
            name="is_handed_over",
            field=models.BooleanField(
                default=False, help_text="before that its list says nothing of it"
            ),
        ),
        migrations.RemoveIndex(model_name="issuedanswer", name="answers_of_a_day"),
        migrations.AlterField(
            model_name="statuslist",
            name="is_stale",
            field=models.BooleanField(default=False, help_text="a standing changed since"),
        ),
    ]
