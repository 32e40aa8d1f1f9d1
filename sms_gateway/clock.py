"""The database's clock in queries: every row of the gateway is timed and compared by one clock."""

from datetime import timedelta

from django.db.models import DateTimeField
from django.db.models.expressions import RawSQL


def after(span: timedelta) -> RawSQL:
    """The moment `span` from now (before now when negative).

    A subquery: evaluated once a statement, so that an index on a time can be used.
    """
    return RawSQL("(SELECT core.now() + %s)", (span,), output_field=DateTimeField())


def now() -> RawSQL:
    """The present moment, `core.now()`."""
    return after(timedelta(0))
