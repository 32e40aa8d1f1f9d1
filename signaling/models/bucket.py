"""How far the database is with one bucket of subscribers."""

from django.db import models


class Bucket(models.Model):
    """`generation` is another one after every change of the bucket's stay-points or coverage.

    It is written by signaling.replace alone, in the transaction of the change. The store notes the
    generation that it knows the rows of: when the two differ, one of them was restored from a copy
    or a run was cut short, and everything of the bucket is published again.
    """

    bucket = models.SmallIntegerField(primary_key=True)
    generation = models.UUIDField()
