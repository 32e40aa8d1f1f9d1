"""The API as an organisation's software meets it: over the web process's own role."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
import redis
from django.test import Client
from pytest_django import Settings

from core import limits
from core.keys import derive
from core.limits import Limit
from core.sealing import seal
from organisations.catalogue import Scope
from organisations.models import ApiKey, Organisation
from organisations.services import keys
from tests.factories import people
from verification import usage
from verification.api import throttles
from verification.api.problems import CONTENT_TYPE, KINDS, URN
from verification.services import replies

AsRole = Callable[[str], AbstractContextManager[None]]
QUESTION: dict[str, Any] = {
    "purpose": "return_to_work",
    "question": "visited_any",
    "places": ["420100"],
    "days": 14,
    "kept_days": 7,
    "number": "+8613900000001",
    "reference": "4711",
}


class Software:
    """An organisation's software, with a key of its own."""

    def __init__(
        self, name: str, scopes: list[str] | None = None, *, is_test: bool = False
    ) -> None:
        known = Organisation.objects.filter(name=name).first()
        self.organisation = known or people.organisation(name)
        Organisation.objects.filter(name=name).update(may_ask_by_number=True)
        owner = self.organisation.memberships.first() or people.member(
            self.organisation, f"owner@{name.lower()}.example"
        )
        self.key, text = keys.make(
            by=owner,
            name="ci",
            scopes=scopes or Scope.values,
            is_test=is_test,
            life=timedelta(days=9),
        )
        self.authorization = f"Bearer {text}"
        self.browser = Client(headers={"authorization": self.authorization})

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1/{path}")

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, str) else json.dumps(body)
        return self.browser.post(
            f"/api/v1/{path}",
            data if body is not None else None,
            content_type="application/json",
            headers=headers,
        )

    def asked(self, **change: Any) -> dict[str, Any]:
        answer = self.post("requests", QUESTION | change)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


@pytest.fixture
def web(as_role: AsRole, superuser: psycopg.Connection) -> Iterator[None]:
    superuser.execute(
        "INSERT INTO signaling_city (code, name, name_zh, country, admin1)"
        " VALUES ('420100', 'Wuhan', '武汉', 'CN', 'Hubei'), ('TH', 'Thailand', '泰国', 'TH', '')"
    )
    with as_role("web"):
        yield


@pytest.fixture
def harbour(web: None) -> Software:
    return Software("Harbour")


@pytest.fixture
def hill(web: None) -> Software:
    return Software("Hill")


def hand_over(superuser: psycopg.Connection, request_id: str, org_ref: uuid.UUID) -> None:
    """An answer, as the worker would have handed it over."""
    token = seal(derive("answer"), b"a.e30.c", f"answer:{request_id}".encode())
    superuser.execute(
        "INSERT INTO verification_answer (request_id, org_ref, answer_id, consent_id, release_id,"
        " release_entry, token_sealed, made_at, handed_over_at) VALUES (%s, %s,"
        " gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, %s, core.now(), core.now())",
        [request_id, org_ref, token],
    )


def is_problem(answer: Any, kind: str) -> None:
    status, title = KINDS[kind]
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    body = answer.json()
    assert (body["type"], body["title"], body["status"]) == (URN + kind, title, status)


# ---------------------------------------------------------------------- asking and following
def test_from_a_question_to_its_cancellation(harbour: Software) -> None:
    asked = harbour.asked()
    assert asked["state"] == "open"
    assert asked["places"] == ["420100"]
    assert "number" not in asked
    assert harbour.get(f"requests/{asked['id']}").json() == asked
    assert harbour.get("requests").json() == {"requests": [asked], "next": None}
    assert harbour.post(f"requests/{asked['id']}/cancel").json()["state"] == "cancelled"
    assert harbour.post(f"requests/{asked['id']}/cancel").json()["state"] == "cancelled"
    assert harbour.get("usage").json()["asked"] == 1


def test_pages_by_cursor_and_reference(harbour: Software) -> None:
    ids = [harbour.asked(reference=f"no {n}")["id"] for n in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    for _ in range(3):
        page = harbour.get(f"requests?size=2&cursor={cursor}" if cursor else "requests?size=2")
        seen += [one["id"] for one in page.json()["requests"]]
        cursor = page.json()["next"]
    assert cursor is None
    assert seen == ids[::-1]
    # Not in an address: those end up in the logs of every server on the way.
    is_problem(harbour.get("requests?reference=no%203"), "invalid")
    found = harbour.post("requests/search", {"reference": "no 3"}).json()["requests"]
    assert [one["id"] for one in found] == [ids[3]]


def test_an_answer_is_fetched_with_its_own_scope(
    harbour: Software, superuser: psycopg.Connection
) -> None:
    asked = harbour.asked()
    is_problem(harbour.get(f"requests/{asked['id']}/answer"), "not-found")
    hand_over(superuser, asked["id"], harbour.organisation.id)
    assert harbour.get(f"requests/{asked['id']}").json()["state"] == "answered"
    assert harbour.get(f"requests/{asked['id']}/answer").json()["token"] == "a.e30.c"
    reader = Software("Harbour", [Scope.REQUESTS_READ])
    is_problem(reader.get(f"requests/{asked['id']}/answer"), "scope")
    is_problem(reader.post("requests", QUESTION), "scope")


def test_places_are_found_by_name(harbour: Software) -> None:
    found = harbour.get("places?q=wuh").json()["places"]
    assert found == [{"code": "420100", "name": "Wuhan", "within": "Hubei", "is_country": False}]


def test_test_keys_and_live_keys_do_not_see_each_others_requests(harbour: Software) -> None:
    tester = Software("Harbour", is_test=True)
    live, test = harbour.asked(), tester.asked()
    assert (live["is_test"], test["is_test"]) == (False, True)
    is_problem(tester.get(f"requests/{live['id']}"), "not-found")
    is_problem(harbour.get(f"requests/{test['id']}"), "not-found")


# ---------------------------------------------------------------------- what is wrong
@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"days": 15}, "days", None),
        ({"number": "12"}, "number", None),
        ({"number": "+8613900000001", "code": "K7M2Q-X9TBR"}, "number", "number_or_code"),
        ({"places": ["999999"]}, "places", "unknown_place"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"reference": "a\u202eb"}, "reference", "reference_unseen"),
    ],
)
def test_what_is_wrong_is_named_by_field(
    harbour: Software, change: dict[str, Any], field: str, problem: str | None
) -> None:
    answer = harbour.post("requests", QUESTION | change)
    is_problem(answer, "invalid")
    said = answer.json()["errors"]
    assert list(said) == [field]
    assert problem is None or said[field] == [problem]


def test_problems_of_other_kinds(harbour: Software, superuser: psycopg.Connection) -> None:
    is_problem(harbour.post("requests", "{"), "malformed")
    is_problem(harbour.browser.delete("/api/v1/requests"), "method")
    is_problem(harbour.get("nothing/here"), "not-found")
    is_problem(Client().get("/api/v1/requests"), "key")
    is_problem(
        harbour.browser.get("/api/v1/usage", headers={"accept": "text/html"}), "not-acceptable"
    )
    xml = harbour.browser.post("/api/v1/requests", "<a/>", content_type="text/xml")
    is_problem(xml, "media-type")
    not_allowed = harbour.post("requests", QUESTION | {"purpose": "site_access"})
    is_problem(not_allowed, "not-allowed")
    assert not_allowed.json()["detail"] == "purpose"
    superuser.execute("UPDATE organisations_organisation SET requests_per_day = 1")
    harbour.asked()
    capped = harbour.post("requests", QUESTION)
    is_problem(capped, "cap")
    assert capped.headers["Retry-After"]


def test_too_many_calls_are_told_before_they_are_too_many(
    harbour: Software, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Limit("api-read", capacity=2, seconds=7200)
    monkeypatch.setattr(throttles, "PER_KEY", {**throttles.PER_KEY, "read": few})
    first = harbour.get("usage")
    assert first.headers["RateLimit-Policy"] == '"read";q=2;w=7200'
    assert first.headers["RateLimit"] == '"read";r=1;t=3600'
    assert harbour.get("usage").headers["RateLimit"] == '"read";r=0;t=3600'
    held = harbour.get("usage")
    is_problem(held, "throttled")
    assert int(held.headers["Retry-After"]) >= 1
    assert harbour.post("requests", QUESTION).status_code == 201


def test_there_is_no_proof_with_a_place_for_an_asker(
    harbour: Software, superuser: psycopg.Connection
) -> None:
    """Two places would say how many entries others caused in between."""
    asked = harbour.asked()
    hand_over(superuser, asked["id"], harbour.organisation.id)
    assert harbour.get(f"requests/{asked['id']}/answer").status_code == 200
    is_problem(harbour.get(f"requests/{asked['id']}/answer/proof"), "not-found")


# ---------------------------------------------------------------------- when something is away
def test_without_redis_every_call_gets_what_it_asked_for(
    harbour: Software, settings: Settings
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    limits.client.cache_clear()
    try:
        asked = harbour.asked()
        cancelled = harbour.post(f"requests/{asked['id']}/cancel")
        used = harbour.get("usage")
    finally:
        limits.client.cache_clear()
    assert cancelled.json()["state"] == "cancelled"
    assert used.json()["asked"] == 1
    assert "RateLimit" not in used.headers


def test_our_mistakes_are_problems_too_and_are_noted(
    harbour: Software, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(usage, "usage", Mock(side_effect=redis.ConnectionError("away")))
    answer = harbour.get("usage")
    is_problem(answer, "internal")
    assert "away" not in answer.content.decode()
    assert "ConnectionError" in caplog.text


# ---------------------------------------------------------------------- the same, sent twice
def test_the_same_request_sent_twice_is_one(
    harbour: Software, superuser: psycopg.Connection
) -> None:
    first = harbour.post("requests", QUESTION, **{"idempotency-key": "a1"})
    again = harbour.post("requests", QUESTION, **{"idempotency-key": "a1"})
    assert (again.status_code, again.content) == (201, first.content)
    assert len(harbour.get("requests").json()["requests"]) == 1
    other = harbour.post("requests", QUESTION | {"days": 7}, **{"idempotency-key": "a1"})
    is_problem(other, "key-reused")
    stored = superuser.execute("SELECT body_sealed FROM verification_idempotentreply").fetchone()
    assert stored is not None
    assert first.json()["id"].encode() not in stored[0]
    superuser.execute(
        "UPDATE verification_idempotentreply SET made_at = made_at - interval '24 hours'"
    )
    assert harbour.post("requests", QUESTION, **{"idempotency-key": "a1"}).json() != first.json()


def test_an_error_is_not_kept(harbour: Software) -> None:
    wrong = harbour.post("requests", QUESTION | {"days": 0}, **{"idempotency-key": "b"})
    is_problem(wrong, "invalid")
    right = harbour.post("requests", QUESTION, **{"idempotency-key": "b"})
    assert right.status_code == 201


def test_one_that_is_being_worked_on(
    harbour: Software, connect_as: Callable[[str], psycopg.Connection]
) -> None:
    other = connect_as("web")
    key = ApiKey.objects.get()
    name = hashlib.sha256(key.id.bytes + b"c").digest()
    with other.transaction():
        other.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [replies.LOCK, int.from_bytes(name[:4], signed=True)],
        )
        answer = harbour.post("requests", QUESTION, **{"idempotency-key": "c"})
        is_problem(answer, "in-progress")
        assert answer.headers["Retry-After"] == "1"
    assert harbour.post("requests", QUESTION, **{"idempotency-key": "c"}).status_code == 201


def test_old_replies_are_forgotten(
    harbour: Software, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    harbour.post("requests", QUESTION, **{"idempotency-key": "d"})
    with as_role("worker"):
        assert replies.forget() == 0
        superuser.execute(
            "UPDATE verification_idempotentreply SET made_at = made_at - interval '24 hours'"
        )
        assert replies.forget() == 1
