from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.db import connection

from core import person_keys
from core.numbers import number_index
from core.sealing import UnsealError

Role = Callable[[str], AbstractContextManager[None]]
INDEX = bytes(range(32))


def test_the_holder_of_a_number_has_one_key(as_role: Role) -> None:
    with as_role("web"):
        first = person_keys.current(INDEX)
        assert person_keys.current(INDEX) == first
        assert person_keys.current(bytes(32)) != first
    with as_role("worker"):
        assert person_keys.get(first.id) == first
        sealed = first.seal("in Hangzhou", "text:1")
        assert first.unseal(sealed, "text:1") == "in Hangzhou"
        with pytest.raises(UnsealError):
            first.unseal(sealed, "text:2")


def test_texts_that_come_at_once_meet_the_same_key(transactional_db: None) -> None:
    def current(_: int) -> person_keys.Key:
        try:
            return person_keys.current(INDEX)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(current, range(24)))) == 1


def test_the_next_holder_gets_another_key(as_role: Role) -> None:
    with as_role("worker"):
        old = person_keys.current(INDEX)
        person_keys.retire(number_index=INDEX)
        new = person_keys.current(INDEX)
        assert new.id != old.id
        assert person_keys.get(old.id) == old
        with pytest.raises(UnsealError):
            new.unseal(old.seal("secret", "text:1"), "text:1")


def test_a_destroyed_key_is_gone(as_role: Role, superuser: psycopg.Connection) -> None:
    with as_role("worker"):
        key = person_keys.current(INDEX)
        superuser.execute("DELETE FROM core_personkey")
        assert person_keys.get(key.id) is None
        assert person_keys.get(None) is None


def test_a_copied_row_opens_nothing_for_another_number(
    as_role: Role, superuser: psycopg.Connection
) -> None:
    """A wrapped key belongs to its row: swapping wrapped keys between people is noticed."""
    with as_role("worker"):
        person_keys.current(INDEX)
        other = person_keys.current(number_index("+8615400000009"))
        superuser.execute(
            "UPDATE core_personkey SET wrapped = (SELECT wrapped FROM core_personkey"
            " WHERE id <> %s) WHERE id = %s",
            [other.id, other.id],
        )
        with pytest.raises(UnsealError):
            person_keys.get(other.id)


@pytest.mark.parametrize("role", ["sequencer", "ingest", "auditor"])
def test_other_processes_cannot_read_keys(
    connect_as: Callable[[str], psycopg.Connection], role: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as(role).execute("SELECT * FROM core_personkey")
