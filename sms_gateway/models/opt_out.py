from django.db import models


class OptOut(models.Model):
    """The last word of a number on texts: while `is_out`, only answers to START and HELP go.

    The row stays when texts go again, so that a STOP that is handled late is known to be the
    earlier word, as a late START is.
    """

    number_index = models.BinaryField(primary_key=True)
    is_out = models.BooleanField(default=True)
    since = models.DateTimeField()
    word = models.TextField(help_text="the keyword, or the provider's code")
    inbound_id = models.BigIntegerField(default=0, help_text="the text that said it")


class SenderOptOut(models.Model):
    """A provider delivers no more to a number from our sender there: the number said STOP to that.

    The row goes when a START comes by the same way, for that is what the provider waits for too.
    """

    id = models.BigAutoField(primary_key=True)
    number_index = models.BinaryField()
    provider = models.TextField()
    since = models.DateTimeField()
    code = models.TextField(help_text="the provider's")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number_index", "provider"], name="one_opt_out_per_sender"
            )
        ]
