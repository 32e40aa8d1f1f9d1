"""What the whole house shares: the installation's fixed terms, feeds' freshness, people's keys."""

import uuid

from django.db import models
from django.db.models import Q


class Installation(models.Model):
    """The one row of terms that are fixed when a service is initialised."""

    id = models.SmallAutoField(primary_key=True)
    time_zone = models.TextField(help_text="IANA name; local days are counted in it")
    window_days = models.SmallIntegerField(default=14, help_text="full days a journey looks back")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_is_one_row")]


class Feed(models.Model):
    """How fresh an incoming feed is: 'subscriptions', 'cells' or 'events'.

    Beside them 'tenures': when a file of subscriptions last changed any.
    """

    name = models.TextField(primary_key=True)
    refreshed_at = models.DateTimeField(help_text="when the last complete load ended")
    data_through = models.DateField(null=True, help_text="last complete local day of data")


class PersonKey(models.Model):
    """The key under which everything one holder of a number sent or received is sealed.

    It is wrapped by a key that the database does not hold. Destroying the row makes all of it
    unreadable, in backups too. A number that changes hands gets a new key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number_index = models.BinaryField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number_index"],
                condition=Q(retired_at=None),
                name="one_current_key_per_number",
            )
        ]
