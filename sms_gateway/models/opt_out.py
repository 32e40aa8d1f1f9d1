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
