"""What is kept of answers after they were handed over: whether they still stand. Not what they say.

The answer itself goes to the asker, sealed copies and requests are kept elsewhere; here are random
references alone, and only until the answer has expired.
"""

import uuid

from django.db import models
from django.db.models import Q

from verification.reading import Standing
from verification.signing import LIST_LENGTH


class SigningKey(models.Model):
    """The public half of a key that signs answers. The private half is in no database."""

    key_id = models.CharField(primary_key=True, max_length=8)
    public_key = models.BinaryField(unique=True)
    published_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, help_text="no worker was given it any more")
    revoked_at = models.DateTimeField(null=True, help_text="not to be believed from then on")

    def __str__(self) -> str:
        return self.key_id


class IssuedAnswer(models.Model):
    """An answer that was signed, and its place in the status list of its day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    consent_id = models.UUIDField(db_index=True)
    list_day = models.DateField(help_text="the UTC day on which it was issued")
    list_index = models.IntegerField(help_text="random, so that it tells nobody how many there are")
    standing = models.SmallIntegerField(
        choices=[(s.value, s.name.lower()) for s in Standing], default=Standing.STANDS.value
    )
    is_handed_over = models.BooleanField(
        default=False, help_text="before that its list says nothing of it"
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["list_day", "list_index"], name="one_answer_per_place_in_a_list"
            ),
            models.CheckConstraint(
                condition=Q(list_index__gte=0, list_index__lt=LIST_LENGTH),
                name="place_is_in_the_list",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=[s.value for s in Standing]), name="standing_is_known"
            ),
        ]


class StatusList(models.Model):
    """The signed list of one day's answers, as it is handed out."""

    day = models.DateField(primary_key=True)
    token = models.TextField()
    made_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False, help_text="a standing changed since")
