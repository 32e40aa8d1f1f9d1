"""What is known of one local day of events, for the store's own decisions and for operators."""

from django.db import models


class Day(models.Model):
    """A local day with events: open while its raw events are kept, sealed afterwards."""

    day = models.DateField(primary_key=True, help_text="in the service's time zone")
    opened_at = models.DateTimeField(help_text="when its first events were stored")
    sealed_at = models.DateTimeField(null=True, help_text="from then on its events are late")
    events = models.BigIntegerField(
        default=0, help_text="stored, without exact duplicates of files"
    )
    subscribers = models.BigIntegerField(default=0, help_text="with at least one event")
    last_event_at = models.DateTimeField(null=True)
    late = models.BigIntegerField(default=0, help_text="rows rejected because it was sealed")
