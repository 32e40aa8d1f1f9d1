"""One question to one person, and their answer."""

import uuid

from django.db import models
from django.db.models import F, Q


class State(models.TextChoices):
    """States of a consent; only `granted` opens anything. The transitions are in the database."""

    REQUESTED = "requested"
    DISCLOSED = "disclosed"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"
    CONSUMED = "consumed"
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    SUPERSEDED = "superseded"


OPEN = (State.REQUESTED, State.DISCLOSED)
LIVE = (*OPEN, State.GRANTED)


class Consent(models.Model):
    """A request for consent and what became of it.

    Rows are written by the functions of the schema `gate` alone. A trigger refuses any other
    writer, any transition that is not listed and any change of what was asked.
    """

    # What was asked, of whom, by whom: never changes.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    schema_version = models.SmallIntegerField(default=1)
    cause = models.TextField(
        unique=True, help_text="what led to it: 'inbound:<id>' or 'request:<id>'"
    )
    org_ref = models.UUIDField(null=True, help_text="who asks; none: the person themself")
    purpose = models.TextField()
    question = models.TextField()
    terms = models.JSONField(help_text="all the terms, as the notice put them")
    window_days = models.SmallIntegerField(help_text="full local days one access looks back")
    valid_days = models.SmallIntegerField(help_text="days it stands, from the grant")
    max_uses = models.IntegerField(null=True, help_text="none: as often as the person asks")
    tenure_id = models.UUIDField()
    subject_ref = models.UUIDField()
    requested_at = models.DateTimeField()
    code_expires_at = models.DateTimeField()
    # Cleared by an erasure, otherwise fixed.
    number_index = models.BinaryField(null=True)
    code_digest = models.BinaryField(null=True)
    # What became of it.
    state = models.TextField(choices=State.choices)
    state_seq = models.SmallIntegerField(default=1, help_text="counts the states")
    disclosed_at = models.DateTimeField(null=True)
    granted_at = models.DateTimeField(null=True)
    grant_inbound = models.BigIntegerField(null=True, unique=True, help_text="the text that agreed")
    valid_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True, default="")
    superseded_by = models.UUIDField(null=True)
    recalled_at = models.DateTimeField(null=True, help_text="taken back after it was consumed")
    recall_reason = models.TextField(blank=True, default="", db_default="")
    uses = models.IntegerField(default=0)
    code_attempts = models.SmallIntegerField(default=0, help_text="wrong codes received")
    last_attempt = models.BigIntegerField(null=True, help_text="the last text with a wrong code")
    last_entry = models.BigIntegerField(null=True, help_text="the log's entry of the last state")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="consent_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(window_days__range=(1, 14)), name="consent_window_is_short"
            ),
            models.CheckConstraint(
                condition=Q(valid_days__range=(1, 366)), name="consent_ends_some_day"
            ),
            models.CheckConstraint(
                condition=Q(uses__gte=0)
                & (Q(max_uses=None) | Q(max_uses__gte=1, uses__lte=F("max_uses"))),
                name="consent_uses_within_what_was_agreed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.GRANTED, State.CONSUMED, State.SUPERSEDED])
                | Q(
                    disclosed_at__isnull=False,
                    granted_at__isnull=False,
                    grant_inbound__isnull=False,
                    valid_until__gt=F("granted_at"),
                ),
                name="granted_by_an_answer_to_a_notice",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, ended_at=None)
                | (~Q(state__in=LIVE) & ~Q(ended_at=None)),
                name="ended_exactly_when_terminal",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=LIVE)
                | Q(number_index__isnull=False, code_digest__isnull=False),
                name="live_consent_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(recalled_at=None) | Q(state=State.CONSUMED, org_ref__isnull=False),
                name="recalled_is_what_was_handed_over",
            ),
            models.UniqueConstraint(
                fields=["number_index", "code_digest"],
                condition=Q(state__in=OPEN),
                name="one_open_code_per_number",
            ),
            models.UniqueConstraint(
                fields=["number_index", "org_ref"],
                condition=Q(state__in=OPEN),
                nulls_distinct=False,
                name="one_open_request_per_asker",
            ),
        ]
        indexes = [
            models.Index(fields=["number_index"], name="consent_number"),
            models.Index(fields=["tenure_id"], name="consent_tenure"),
            models.Index(
                fields=["recalled_at"],
                name="consent_recalled",
                condition=Q(recalled_at__isnull=False),
            ),
            models.Index(
                fields=["valid_until"], name="consent_due", condition=Q(state=State.GRANTED)
            ),
            models.Index(
                fields=["code_expires_at"], name="request_due", condition=Q(state__in=OPEN)
            ),
        ]
