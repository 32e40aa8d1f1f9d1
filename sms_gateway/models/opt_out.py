from django.db import models


class OptOut(models.Model):
    """This number said STOP. While the row stands, nothing but answers to START and HELP goes."""

    number_index = models.BinaryField(primary_key=True)
    since = models.DateTimeField()
    word = models.TextField(help_text="the keyword, or the provider's code")
