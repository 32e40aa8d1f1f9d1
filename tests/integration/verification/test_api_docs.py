"""docs/api.md: its examples run against a real web process, its tables are those of the code."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.urls import URLPattern
from drf_spectacular.views import SpectacularJSONAPIView

from organisations.authentication import ApiKeyAuthentication, HasScope
from organisations.catalogue import Scope
from tests.factories import portal
from tests.integration.verification.test_api import (
    QUESTION,
    AsRole,
    Software,
    hand_over,
)
from tests.integration.verification.test_api_contract import address
from travelcheck.stack.folders import ROOT
from verification.api import throttles, urls
from verification.api.problems import KINDS
from verification.api.views import KeyView, NothingHereView
from verification.services import asking, testing

__all__ = ["address"]  # a fixture
TEXT = (ROOT / "docs/api.md").read_text()


@pytest.fixture
def harbour(superuser: psycopg.Connection, as_role: AsRole) -> Iterator[Software]:
    portal.places(superuser)
    with as_role("web"):
        yield Software("Harbour")


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def table(first: str) -> list[list[str]]:
    """The rows of every table with this title in its first column, without the line of dashes."""
    found = re.findall(rf"^\| {first} \|.*\n.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    rows = "".join(found).splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


# ---------------------------------------------------------------------- the examples
def test_the_example_with_curl(address: str, harbour: Software, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euc", example("sh")],
        cwd=tmp_path,
        env={**os.environ, **variables(address, harbour)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in re.split(r"\n|(?<=})(?=[{\d])", done.stdout) if line]
    found, looked, status, cancelled = (json.loads(line) for line in lines)
    assert found["places"][0]["code"] == "420100"
    assert (looked["state"], status, cancelled["state"]) == ("open", 404, "cancelled")
    assert looked == json.loads((tmp_path / "asked.json").read_text())


def test_the_example_in_python(
    address: str, harbour: Software, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables(address, harbour).items():
        monkeypatch.setenv(name, value)
    said: dict[str, Any] = {}
    exec(example("python"), said)  # noqa: S102  # as a reader would
    assert said["asked"] == said["looked"]
    assert said["answer"] is None
    assert said["cancelled"]["state"] == "cancelled"
    asked = said["call"]("POST", "requests", QUESTION)
    hand_over(superuser, asked["id"], harbour.organisation.id)
    assert said["call"]("GET", f"requests/{asked['id']}/answer")["token"] == "a.e30.c"


def variables(address: str, software: Software) -> dict[str, str]:
    return {"SERVICE": address, "KEY": software.authorization.removeprefix("Bearer ")}


def test_the_numbers_of_test_keys(
    harbour: Software, as_role: AsRole, superuser: psycopg.Connection
) -> None:
    superuser.execute("UPDATE organisations_organisation SET itinerary_purposes = purposes")
    tester = Software("Harbour", is_test=True)
    rows = {row[0]: row[1] for row in table("number ends in")}
    said = {last.strip("`"): text.split("`")[1] for last, text in rows.items() if "`" in last}
    assert said == {last: value.value for last, (value, _) in testing.MADE_UP.items()}
    for last, value in said.items():
        listed = {"question": "itinerary", "places": []} if value == "LISTED" else {}
        asked = tester.asked(number=f"+8613900000{last}", **listed)
        with as_role("worker"):
            asking.consider(UUID(asked["id"]))
        answer = tester.get(f"requests/{asked['id']}/answer").json()
        assert (answer["claims"]["a"], answer["claims"]["test"]) == (value, True)


# ---------------------------------------------------------------------- the tables
def test_the_problems_are_those_there_are() -> None:
    said = [(row[0].strip("`"), int(row[1]), row[2]) for row in table("word")]
    assert said == [(word, status.value, title) for word, (status, title) in KINDS.items()]


def test_the_limits_are_those_of_the_code() -> None:
    key, ours = throttles.PER_KEY, throttles.PER_ORGANISATION
    assert (
        f"a key may read {key['read'].capacity} times and write {key['write'].capacity} times; all"
        f" keys of an organisation together {ours['read'].capacity} and {ours['write'].capacity}."
    ) in TEXT
    assert {limit.seconds for limit in (*key.values(), *ours.values())} == {60}


def test_every_address_needs_a_key_with_a_scope() -> None:
    """All but the description, and what answers that there is nothing."""
    said = {
        tuple(call.split()): scope.strip("`")
        for calls, scope in table("call")
        for call in re.findall(r"`([^`]+)`", calls)
    }
    known: dict[tuple[str, ...], str] = {}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        if view in (SpectacularJSONAPIView, NothingHereView):
            continue
        assert issubclass(view, KeyView), pattern
        assert view.authentication_classes == (ApiKeyAuthentication,)
        assert view.permission_classes == (HasScope,)
        methods = {name.upper() for name in ("get", "post", "put", "patch", "delete", "head")}
        offered = {name for name in methods if hasattr(view, name.lower())}
        assert offered == set(view.needed_scopes), pattern
        path = re.sub("<.*?>", "ID", str(pattern.pattern))
        known |= {(method, path): scope for method, scope in view.needed_scopes.items()}
    assert said == known
    assert set(known.values()) <= set(Scope.values)
