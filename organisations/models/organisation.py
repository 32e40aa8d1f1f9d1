import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from organisations.catalogue import Purpose, Status

ACTIVE = [Status.APPROVED, Status.SUSPENDED]


class Organisation(models.Model):
    """Who may ask people. `id` is `org_ref` in consents and in the log."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=60, help_text="as registered; stands in notices")
    name_key = models.TextField(help_text="the name without what eyes pass over")
    legal_id = models.CharField(max_length=32)
    contact_name = models.CharField(max_length=80)
    contact_email = models.EmailField()
    status = models.TextField(choices=Status.choices, default=Status.APPLIED)
    purposes = ArrayField(models.TextField(choices=Purpose.choices))
    itinerary_purposes = ArrayField(
        models.TextField(choices=Purpose.choices),
        default=list,
        help_text="for which it may ask for the whole list of cities",
    )
    may_ask_by_number = models.BooleanField(default=False)
    requests_per_day = models.PositiveIntegerField(default=100)
    open_requests = models.PositiveIntegerField(default=500)
    applied_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=Status.APPLIED, approved_at=None, closed_at=None)
                | Q(status=Status.APPROVED, approved_at__isnull=False, closed_at=None)
                | Q(
                    status=Status.SUSPENDED,
                    approved_at__isnull=False,
                    suspended_at__isnull=False,
                    closed_at=None,
                )
                | Q(status=Status.CLOSED, closed_at__isnull=False),
                name="organisation_status_and_times_agree",
            ),
            models.CheckConstraint(
                condition=Q(purposes__contained_by=Purpose.values) & ~Q(purposes=[]),
                name="organisation_purposes_are_known",
            ),
            models.CheckConstraint(
                condition=Q(itinerary_purposes__contained_by=F("purposes")),
                name="organisation_itinerary_within_purposes",
            ),
            models.CheckConstraint(
                condition=Q(requests_per_day__gte=1, open_requests__gte=1),
                name="organisation_caps_are_set",
            ),
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(status__in=ACTIVE),
                name="one_active_organisation_per_name",
            ),
            models.UniqueConstraint(
                fields=["legal_id"],
                condition=Q(status__in=ACTIVE),
                name="one_active_organisation_per_legal_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_ask(self) -> bool:
        return self.status == Status.APPROVED

    def may_ask_for(self, purpose: str) -> bool:
        return self.may_ask and purpose in self.purposes

    def may_ask_itinerary(self, purpose: str) -> bool:
        return self.may_ask_for(purpose) and purpose in self.itinerary_purposes
