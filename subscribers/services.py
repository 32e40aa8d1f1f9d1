"""Who holds a number: identifying the sender of a text, their key and their language."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from core import person_keys
from sms_gateway.messages import Inbound
from subscribers.models import Tenure
from subscribers.selectors import tenures

LONGEST_WAIT: Final = "500ms"


@transaction.atomic
def identify(*, inbound: Inbound) -> Tenure:
    """The tenure that holds the number a text came from, now, with its key bound to it.

    A number without subscription gets a tenure without IMSI. A number that changed hands gets a
    new key with its new tenure, so that nobody reads the texts of the holder before. Raises
    django.db.DatabaseError when there is no such inbound text, and OperationalError when a load of
    subscriptions holds what this needs: then the text is to be tried again later.
    """
    with _short_waits(), connection.cursor() as cursor:
        cursor.execute("SELECT gate.identify(%s)", [inbound.id])
        row = cursor.fetchone()
        assert row is not None
        tenure = tenures().get(id=row[0])
        _bind_key(tenure, inbound.number_index)
    return tenure


@transaction.atomic
def bind_key(*, tenure: Tenure) -> Tenure:
    """A tenure whose holder may never have texted, with a key to seal what is kept of them.

    Raises django.db.OperationalError when a load of subscriptions holds the tenure.
    """
    with _short_waits():
        _bind_key(tenure, bytes(tenure.msisdn_index))
    return tenure


@contextmanager
def _short_waits() -> Iterator[None]:
    """A load may hold its locks for minutes; a worker is not to stand still for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        row = cursor.fetchone()
        assert row is not None
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
        yield  # what raises undoes the transaction, and this with it
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [row[0]])


def _bind_key(tenure: Tenure, number_index: bytes) -> None:
    """Once: the number's present key, or a new one if the present one is an earlier holder's."""
    if person_keys.get(tenure.key_id) is not None:
        return
    locked = tenures().select_for_update().get(id=tenure.id)
    key = person_keys.current(number_index)
    if tenures().filter(key_id=key.id).exclude(id=tenure.id).exists():
        person_keys.retire(number_index=number_index)
        key = person_keys.current(number_index)
    locked.key_id = tenure.key_id = key.id
    locked.save(update_fields=["key_id"])


@transaction.atomic
def set_language(*, tenure_id: UUID, language: str) -> None:
    """Remember the language (a catalogue's code) that this holder of the number reads."""
    Tenure.objects.filter(id=tenure_id).update(language=language)
