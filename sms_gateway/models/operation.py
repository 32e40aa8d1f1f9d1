import uuid

from django.db import models
from django.db.models import Q


class Unclear(models.Model):
    """A text nobody understood, for an operator to read: its words and nothing of who sent them.
    They go with those of the text itself."""

    inbound_id = models.BigIntegerField(primary_key=True)
    ref = models.UUIDField(default=uuid.uuid4, unique=True)
    number_index = models.BinaryField()
    key_id = models.UUIDField()
    body_sealed = models.BinaryField(null=True)
    received_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)


class Act(models.TextChoices):
    RESEND = "resend"  # a text that did not arrive, once more
    STOP = "stop"  # what nobody understood meant STOP
    CLOSE = "close"  # it meant nothing that we can do


class OperatorAct(models.Model):
    """What an operator asked for; the worker does it. Append-only but for `done_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    what = models.TextField(choices=Act.choices)
    target = models.UUIDField(help_text="the ref of the text")
    by_ref = models.UUIDField()
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    was_done = models.BooleanField(null=True, help_text="false: it could not be done any more")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "target"], condition=Q(done_at=None), name="one_open_act"
            )
        ]


class Probe(models.Model):
    """A text to ourselves, to see that texts come and go."""

    id = models.BigAutoField(primary_key=True)
    token = models.TextField(unique=True)
    sent_at = models.DateTimeField()
    back_at = models.DateTimeField(null=True)
