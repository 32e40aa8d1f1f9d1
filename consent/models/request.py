"""An organisation's question about one person."""

import uuid

from django.db import models
from django.db.models import F, Q


class AskedBy(models.TextChoices):
    NUMBER = "number"  # the organisation has the number
    CODE = "code"  # the person handed over a sharing code; the organisation has no number


class Request(models.Model):
    """One question by one organisation about one person.

    The web process inserts it, and looks nobody up for that: a request about a number that nobody
    has takes the same steps. What the worker makes of it is in columns that the web process cannot
    read, so that an asker cannot be shown it by mistake: an asker sees `open` until there is an
    answer or `closes_at`, whatever happened (`verification.selectors.state_of`).
    """

    # What is asked: never changes.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    org_ref = models.UUIDField()
    purpose = models.TextField()
    question = models.TextField()
    places = models.JSONField(help_text="{'cities': [codes], 'countries': [codes]}")
    days = models.SmallIntegerField(help_text="full local days the question looks back")
    kept_days = models.SmallIntegerField(help_text="how long the asker may keep the answer")
    asked_by = models.TextField(choices=AskedBy.choices)
    number_index = models.BinaryField(
        null=True, help_text="of one asked by number; an erasure clears it"
    )
    number_sealed = models.BinaryField(
        null=True, help_text="under the number's key, until it was considered"
    )
    key_id = models.UUIDField(null=True)
    code_digest = models.BinaryField(null=True, help_text="asked by code: its keyed hash")
    nonce = models.TextField(help_text="comes back in the answer")
    reference = models.TextField(blank=True, help_text="the asker's own, never shown to a person")
    is_test = models.BooleanField(default=False, help_text="about invented people only")
    asked_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="without an answer by then: not released")
    # The asker's second thought.
    cancelled_at = models.DateTimeField(null=True)
    # What the worker made of it, by the gate's functions alone. Not for the web process.
    target = models.BinaryField(
        null=True, help_text="index of the number it turned out to be about"
    )
    considered_at = models.DateTimeField(null=True)
    outcome = models.TextField(
        blank=True, default="", db_default="", help_text="'asked', or why nobody was asked"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_by=AskedBy.NUMBER, code_digest=None)
                | Q(asked_by=AskedBy.CODE, number_index=None, number_sealed=None),
                name="request_is_about_a_number_or_a_code",
            ),
            models.CheckConstraint(
                condition=Q(question__in=["visited_any", "stayed_only_in", "itinerary"]),
                name="request_question_is_known",
            ),
            models.CheckConstraint(condition=Q(days__range=(1, 14)), name="request_days_are_few"),
            models.CheckConstraint(
                condition=Q(kept_days__range=(1, 30)), name="request_answer_is_kept_for_days"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("asked_at")), name="request_closes_after_it_opened"
            ),
            models.CheckConstraint(
                condition=Q(considered_at=None, outcome="")
                | (Q(considered_at__isnull=False) & ~Q(outcome="")),
                name="request_outcome_is_considered",
            ),
        ]
        indexes = [
            models.Index(fields=["org_ref", "-asked_at", "-id"], name="request_of_organisation"),
            models.Index(fields=["target", "asked_at"], name="request_about_number"),
            models.Index(fields=["number_index"], name="request_by_number"),
            models.Index(
                fields=["asked_at"],
                name="request_not_considered",
                condition=Q(considered_at=None),
            ),
        ]
