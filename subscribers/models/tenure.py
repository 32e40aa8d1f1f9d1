"""One number and one SIM, held by one person over one period."""

import uuid

from django.db import models
from django.db.models import F, Q


class Tenure(models.Model):
    """A number and an IMSI held over one period, `[valid_from, valid_to)`.

    A recycled number or a new SIM is a new tenure and sees nothing of the old one. A number that
    texts without a subscription gets a tenure with no IMSI; a later subscription file may give it
    one, and may then put its beginning earlier.

    A trigger (`sql/tenures.sql`) holds what no process may break: tenures of one number, or of
    one IMSI, never overlap; number, references and a given IMSI never change; an ended tenure is
    never reopened.

    `contested_from`: from then on the feed has named somebody else for this number or this IMSI
    without closing this tenure. Nobody knows who holds the phone, so nothing is released.

    The worker cannot read `imsi_index` and `subscriber_ref`: only the gate and ingestion know
    which stay-points are whose. Use the selectors, which leave these two out.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    msisdn_index = models.BinaryField(help_text="blind index of the number")
    imsi_index = models.BinaryField(null=True, help_text="blind index of the IMSI")
    subscriber_ref = models.UUIDField(unique=True, default=uuid.uuid4, help_text="in the store")
    subject_ref = models.UUIDField(unique=True, default=uuid.uuid4, help_text="in the log")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    contested_from = models.DateTimeField(null=True, help_text="somebody else is named as well")
    key_id = models.UUIDField(null=True, help_text="the holder's key, once they have texted")
    language = models.TextField(blank=True, default="")
    id_digest = models.BinaryField(null=True, help_text="keyed hash of the end of the holder's ID")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="tenure_ends_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["msisdn_index"],
                condition=Q(valid_to=None),
                name="one_open_tenure_per_number",
            ),
            models.UniqueConstraint(
                fields=["imsi_index"],
                condition=Q(valid_to=None),
                name="one_open_tenure_per_imsi",
            ),
        ]
        indexes = [
            models.Index(fields=["msisdn_index", "valid_from"], name="tenure_number"),
            models.Index(fields=["imsi_index", "valid_from"], name="tenure_imsi"),
            models.Index(fields=["key_id"], name="tenure_key", condition=Q(key_id__isnull=False)),
        ]
