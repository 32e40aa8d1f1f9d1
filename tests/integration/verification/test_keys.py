"""Keys that sign answers: published before their turn, kept after it, gone at once when stolen."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import override_settings

from audit.models import Entry
from tests.integration.verification.answers import NOW, issue
from verification.models import SigningKey
from verification.online import check_now
from verification.reading import Verdict
from verification.selectors import key_set
from verification.services.issuing import KeyRevokedError, publish_keys
from verification.signing import Signer
from verification.tasks import publish

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = (Signer(bytes([n]) * 32) for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as frozen:
        yield frozen


def worker_with(current: int, following: int = 0) -> override_settings:
    """A worker that was given these keys, by number; 0: none."""
    seed = bytes([following]) * 32 if following else b""
    return override_settings(ANSWER_SIGNING_KEY=bytes([current]) * 32, ANSWER_SIGNING_KEY_NEXT=seed)


def published() -> set[str]:
    return {key["kid"] for key in key_set()["keys"]}


def verdict(token: str) -> Verdict:
    return check_now(token).verdict


def test_a_key_is_known_before_it_signs_and_after(clock: time_machine.Traveller) -> None:
    with worker_with(1):
        old = issue().token
    with worker_with(1, 2):
        publish_keys()
        assert published() == {FIRST.key_id, SECOND.key_id}
        assert check_now(issue().token).statement is not None
    clock.shift(timedelta(days=1))
    with worker_with(2):
        new = issue().token
        assert published() == {FIRST.key_id, SECOND.key_id}
        assert (verdict(old), verdict(new)) == (Verdict.GENUINE, Verdict.GENUINE)
        assert json.loads(json.dumps(key_set())) == key_set()
    clock.shift(timedelta(days=32) - timedelta(seconds=1))
    assert published() == {FIRST.key_id, SECOND.key_id}
    clock.shift(timedelta(seconds=1))
    assert published() == {SECOND.key_id}


def test_going_back_to_the_old_key_is_no_accident(clock: time_machine.Traveller) -> None:
    with worker_with(1):
        publish_keys()
    with worker_with(2):
        publish_keys()
    clock.shift(timedelta(days=31))
    with worker_with(1, 2):
        token = issue().token
    clock.shift(timedelta(days=1))
    assert published() == {FIRST.key_id, SECOND.key_id}
    assert verdict(token) is Verdict.GENUINE


def test_a_stolen_key_ends_at_once_and_for_good() -> None:
    with worker_with(1):
        stolen = issue().token
        call_command("answer_keys", "--revoke", FIRST.key_id, stdout=StringIO())
        assert published() == set()
        assert check_now(stolen).finding == "unknown_key"
        with pytest.raises(KeyRevokedError, match=FIRST.key_id):
            issue()
    with worker_with(3):
        publish.apply()
        assert verdict(issue().token) is Verdict.GENUINE
        with pytest.raises(CommandError, match="no key that could be revoked"):
            call_command("answer_keys", "--revoke", FIRST.key_id)
        out = StringIO()
        call_command("answer_keys", stdout=out)
    states = {line.split()[0]: line.split()[1] for line in out.getvalue().splitlines()}
    assert states == {FIRST.key_id: "revoked", THIRD.key_id: "published"}


def test_each_change_of_keys_stands_in_the_log_with_the_digest() -> None:
    with worker_with(1, 2):
        publish_keys()
        publish_keys()
    with worker_with(2):
        publish_keys()
    bodies = [json.loads(bytes(e.body)) for e in Entry.objects.filter(event="key.rotated")]
    keys = [sha256(s.public_key).hexdigest() for s in (FIRST, SECOND)]
    assert sorted(b["key_sha256"] for b in bodies) == sorted([keys[0], keys[1], keys[0]])
    assert {b["kind"] for b in bodies} == {"signing_key"}


def test_the_database_holds_no_private_key() -> None:
    with worker_with(1):
        issue()
    (key,) = SigningKey.objects.all()
    assert bytes(key.public_key) == FIRST.public_key != bytes([1]) * 32
