import uuid

from django.db import models


class OutgoingMail(models.Model):
    """An e-mail that waits for the worker: stored with what it speaks of, gone once it was sent.

    `sealed` is the message as JSON (`to`, `subject`, `body`), under a key the database has not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
