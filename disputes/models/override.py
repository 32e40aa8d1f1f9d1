"""What was found to be wrong."""

import uuid

from django.db import models
from django.db.models import F, Q


class Override(models.Model):
    """A place in which a phone was not, over these hours, whatever the data says again.

    Applied when a journey is compiled (`travel.overrides`). Goes with the window, and with ERASE.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    dispute_id = models.UUIDField(unique=True)
    tenure_id = models.UUIDField(db_index=True)
    city_code = models.TextField()
    alt_city_code = models.TextField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    instead_code = models.TextField(null=True, help_text="one of the two cities; none: dropped")
    last_day = models.DateField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(instead_code=None)
                | (
                    Q(alt_city_code__isnull=False)
                    & (Q(instead_code=F("city_code")) | Q(instead_code=F("alt_city_code")))
                ),
                name="override_decides_between_its_cities",
            )
        ]
