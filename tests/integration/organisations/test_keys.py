"""API keys: what is stored, what opens, what ends."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core import clock
from organisations import errors, key_text
from organisations.authentication import ApiKeyAuthentication, HasScope
from organisations.catalogue import Role, Scope
from organisations.models import ApiKey, Membership
from organisations.services import keys
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")
MONTH = timedelta(days=30)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def owner(web: None) -> Membership:
    return people.member(people.organisation(), "owner@employer.example")


def make(owner: Membership, *scopes: str, is_test: bool = False) -> tuple[ApiKey, str]:
    wanted = scopes or ("answers:read",)
    return keys.make(by=owner, name="ci", scopes=wanted, is_test=is_test, life=MONTH)


@pytest.fixture
def still() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def test_the_secret_is_nowhere_but_in_the_answer(
    owner: Membership, superuser: psycopg.Connection
) -> None:
    key, text = make(owner)
    assert key_text.PATTERN.fullmatch(text)
    assert text.startswith("tc_live_")
    assert make(owner, is_test=True)[1].startswith("tc_test_")
    secret = text.rsplit("_", 1)[1]
    rows = superuser.execute("SELECT k::text FROM organisations_apikey k").fetchall()
    assert not any(secret in row for (row,) in rows)
    entries = superuser.execute("SELECT convert_from(body, 'UTF8') FROM audit_entry").fetchall()
    assert not any(secret in body or key.prefix in body for (body,) in entries)


def test_a_copied_table_row_opens_nothing(owner: Membership) -> None:
    """The hash is bound to the prefix, and made with a key that the database does not hold."""
    key, _ = make(owner)
    other, text = make(owner)
    presented = key_text.Presented(key.prefix, text.rsplit("_", 1)[1])
    assert not key_text.matches(bytes(other.secret_hash), presented)
    assert keys.authenticate(text=key_text.written(presented)) is None


def test_what_is_no_key_opens_nothing(owner: Membership) -> None:
    make(owner)
    prefix = "tc_live_1a2b3c4d_"
    for text in ("", "tc_live_", "Bearer x", prefix + "0" * 64, prefix + "٠" * 64):
        assert keys.authenticate(text=text) is None


def test_every_changed_character_spoils_a_key(owner: Membership) -> None:
    _, text = make(owner)
    for place in range(len(text)):
        other = "0" if text[place] != "0" else "1"
        assert keys.authenticate(text=text[:place] + other + text[place + 1 :]) is None


def test_a_key_ends_when_it_says(owner: Membership, still: time_machine.Traveller) -> None:
    start = clock.now()
    _, text = make(owner)
    still.move_to(start + MONTH - MOMENT)
    assert keys.authenticate(text=text)
    still.move_to(start + MONTH)
    assert keys.authenticate(text=text) is None


def test_rotation_overlaps_for_as_long_as_was_said(
    owner: Membership, still: time_machine.Traveller
) -> None:
    start = clock.now()
    old, old_text = make(owner, "answers:read", "usage:read", is_test=True)
    new, new_text = keys.rotate(by=owner, key_id=old.id, overlap=timedelta(hours=24))
    assert (new.scopes, new.is_test, new.expires_at) == (old.scopes, True, start + MONTH)
    still.move_to(start + timedelta(hours=24) - MOMENT)
    assert keys.authenticate(text=old_text)
    assert keys.authenticate(text=new_text)
    still.move_to(start + timedelta(hours=24))
    assert keys.authenticate(text=old_text) is None
    assert keys.authenticate(text=new_text)


def test_rotation_lengthens_no_key_and_happens_once(
    owner: Membership, still: time_machine.Traveller
) -> None:
    start = clock.now()
    old, _ = make(owner)
    still.move_to(start + MONTH - timedelta(hours=1))
    keys.rotate(by=owner, key_id=old.id, overlap=timedelta(days=7))
    old.refresh_from_db()
    assert old.expires_at == start + MONTH
    with pytest.raises(ApiKey.DoesNotExist):
        keys.rotate(by=owner, key_id=old.id, overlap=timedelta(days=7))
    with pytest.raises(ValueError, match="overlap"):
        keys.rotate(by=owner, key_id=old.id, overlap=timedelta(days=8))


def test_rotation_without_overlap_and_revocation_end_at_once(owner: Membership) -> None:
    old, old_text = make(owner)
    new, new_text = keys.rotate(by=owner, key_id=old.id, overlap=timedelta(0))
    assert keys.authenticate(text=old_text) is None
    keys.revoke(by=owner, key_id=new.id)
    assert keys.authenticate(text=new_text) is None
    with pytest.raises(ApiKey.DoesNotExist):
        keys.revoke(by=owner, key_id=new.id)


def test_last_use_is_a_day_and_no_finer(owner: Membership, still: time_machine.Traveller) -> None:
    key, text = make(owner)
    assert key.last_used_on is None
    keys.authenticate(text=text)
    key.refresh_from_db()
    assert key.last_used_on == clock.now().date()


def test_another_organisations_keys_are_unknown(owner: Membership) -> None:
    theirs = people.member(people.organisation("Another"), "theirs@employer.example")
    key, text = make(theirs)
    for key_id in (key.id, uuid.uuid4()):
        with pytest.raises(ApiKey.DoesNotExist):
            keys.rotate(by=owner, key_id=key_id, overlap=timedelta(0))
        with pytest.raises(ApiKey.DoesNotExist):
            keys.revoke(by=owner, key_id=key_id)
    assert keys.authenticate(text=text)


def test_only_owners_make_keys(owner: Membership) -> None:
    asker = people.member(owner.organisation, "asker@employer.example", Role.ASKER)
    with pytest.raises(errors.NotAllowedError):
        make(asker)
    Membership.objects.filter(id=owner.id).update(role=Role.VIEWER)
    with pytest.raises(errors.NotAllowedError):
        make(owner)  # was one when the page was opened


def test_no_key_for_everything_or_for_ever(owner: Membership) -> None:
    given: dict[str, Any] = {
        "by": owner,
        "name": "ci",
        "scopes": ["usage:read"],
        "is_test": False,
        "life": MONTH,
    }
    wrong: list[dict[str, Any]] = [
        {"scopes": []},
        {"scopes": ["admin"]},
        {"life": timedelta(0)},
        {"life": timedelta(days=400)},
    ]
    for change in wrong:
        with pytest.raises(ValueError, match=r"."):
            keys.make(**(given | change))


class Answers(APIView):
    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope]
    needed_scopes = {"GET": Scope.ANSWERS_READ}

    def get(self, request: object) -> Response:
        key = request.auth  # type: ignore[attr-defined]
        return Response({"organisation": str(key.organisation_id), "test": key.is_test})

    def post(self, request: object) -> Response:
        return Response({})


def ask(header: str | None, method: str = "get") -> Response:
    headers = {"Authorization": header} if header is not None else {}
    request = getattr(APIRequestFactory(headers=headers), method)("/")
    answer = Answers.as_view()(request)
    assert isinstance(answer, Response)
    return answer


def test_the_api_knows_whose_key_it_is(owner: Membership) -> None:
    _, text = make(owner, is_test=True)
    answer = ask(f"Bearer {text}")
    assert answer.data == {"organisation": str(owner.organisation_id), "test": True}


def test_the_api_refuses_every_wrong_key_alike(owner: Membership) -> None:
    key, revoked = make(owner)
    keys.revoke(by=owner, key_id=key.id)
    unknown = "tc_live_1a2b3c4d_" + "0" * 64
    answers = [ask(f"Bearer {text}") for text in (revoked, unknown, "nonsense", "")]
    assert {a.status_code for a in answers} == {401}
    assert len({str(a.data) for a in answers}) == 1
    assert answers[0]["WWW-Authenticate"].startswith("Bearer")
    assert ask(None).status_code == 401
    assert ask("Basic abc").status_code == 401


def test_the_api_refuses_what_the_key_has_no_scope_for(owner: Membership) -> None:
    _, text = make(owner, "usage:read")
    assert ask(f"Bearer {text}").status_code == 403
    _, reader = make(owner)
    assert ask(f"Bearer {reader}").status_code == 200
    assert ask(f"Bearer {reader}", "post").status_code == 403, "no scope named: closed"


def test_authentication_failed_says_how_to_authenticate() -> None:
    request = APIRequestFactory(headers={"Authorization": "Bearer nonsense"}).get("/")
    with pytest.raises(AuthenticationFailed, match="Authorization: Bearer"):
        ApiKeyAuthentication().authenticate(APIView().initialize_request(request))
