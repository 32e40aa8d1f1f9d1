from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0007_lists_of_their_own_rhythm")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="request_id",
            field=models.UUIDField(null=True, help_text="none in a test of the address"),
        ),
        migrations.AlterField(
            model_name="webhook",
            name="disabled_at",
            field=models.DateTimeField(
                null=True, help_text="by an owner, or after days of failures"
            ),
        ),
    ]
