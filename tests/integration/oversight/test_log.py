"""Reading the log as an auditor: what is found, and that reading it is in it."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from audit import search
from audit.search import Filter
from consent.looks import all_looks, look_of, looks
from core import clock
from tests.integration.consent.world import World

Enter = Callable[[User], Client]
ROW = re.compile(r'<td><a href="/oversight/entries/(\d+)/">')


@pytest.fixture
def ana(auditors: tuple[User, User], enter: Enter) -> Client:
    return enter(auditors[0])


@pytest.fixture(autouse=True)
def _somebody_agreed(world: World) -> None:
    world.ask_for_organisation(world.person(), "111111")
    world.agreed()
    world.sequence()


def shown(page: bytes) -> list[int]:
    return [int(number) for number in ROW.findall(page.decode())]


def test_pages_follow_one_another_without_a_gap(ana: Client, world: World) -> None:
    for _ in range(60):
        world.superuser.execute("SELECT audit.record('import.done', '{}')")
    everything = world.superuser.execute("SELECT id FROM audit_entry ORDER BY id DESC").fetchall()
    first = ana.get("/oversight/")
    link = re.search(r'href="\?([^"]*before=\d+)"', first.content.decode())
    assert link
    second = ana.get("/oversight/?" + link[1].replace("&amp;", "&"))
    assert shown(first.content) + shown(second.content) == [i for (i,) in everything]


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("event=consent.granted", {"consent.granted"}),
        ("event=consent.", {"consent.requested", "consent.granted", "consent.notice_sent",
                            "consent.notice_delivered"}),
        ("event=erasure.done", set()),
    ],
)  # fmt: skip
def test_by_event(ana: Client, world: World, query: str, events: set[str]) -> None:
    found = shown(ana.get(f"/oversight/?{query}").content)
    names = {world.value("SELECT event FROM audit_entry WHERE id = %s", number) for number in found}
    assert names == events


def test_by_person_organisation_and_consent(ana: Client, world: World) -> None:
    row = world.superuser.execute(
        "SELECT subject_ref, org_ref, consent_id FROM audit_entry WHERE org_ref IS NOT NULL"
    ).fetchone()
    assert row is not None
    for name, value in zip(("subject_ref", "org_ref", "consent_id"), row, strict=True):
        expected = world.superuser.execute(
            f"SELECT id FROM audit_entry WHERE {name} = %s ORDER BY id DESC", [value]
        ).fetchall()
        assert shown(ana.get(f"/oversight/?{name}={value}").content) == [i for (i,) in expected]


def test_moments_are_exact(world: World, auditors: tuple[User, User]) -> None:
    moments = world.superuser.execute("SELECT id, recorded_at FROM audit_entry ORDER BY id")
    rows = moments.fetchall()
    since, until = rows[1][1], rows[-1][1]
    found = {entry.id for entry in search.entries(Filter(since=since, until=until))}
    assert found == {i for i, at in rows if since <= at < until}
    later = clock.now() + timedelta(days=1)
    assert search.entries(Filter(since=later)) == []
    assert search.entries(Filter(until=rows[0][1])) == []


def test_each_look_is_an_entry(ana: Client, auditors: tuple[User, User], world: World) -> None:
    subject = world.value("SELECT subject_ref FROM audit_entry WHERE event = 'consent.granted'")
    [entry] = shown(ana.get(f"/oversight/?event=consent.granted&subject_ref={subject}").content)
    assert ana.get(f"/oversight/entries/{entry}/").status_code == 200
    [searched], [viewed] = world.bodies("auditor.searched"), world.bodies("auditor.viewed_entry")
    for body in (searched, viewed):
        assert body["actor"] == {
            "type": "auditor",
            "role": "auditor",
            "ref": str(auditors[0].id),
        }
        assert body["subject_ref"] == str(subject)
    assert searched["filters"] == ["event", "subject"]


def test_whom_it_is_about_sees_that_it_was_read_once_a_day(ana: Client, world: World) -> None:
    consent, subject = world.superuser.execute(
        "SELECT consent_id, subject_ref FROM audit_entry WHERE event = 'consent.granted'"
    ).fetchone() or (None, None)
    before = len(all_looks(subject))
    [entry] = shown(ana.get(f"/oversight/?event=consent.granted&consent_id={consent}").content)
    for _ in range(12):
        ana.get(f"/oversight/entries/{entry}/")
    ana.post("/oversight/exports/", {"consent_id": str(consent)})
    for event in ("auditor.searched", "export.made"):
        [body] = world.bodies(event)
        assert body["subject_ref"] == str(subject), event
    assert looks(subject, 1)[0].event == "export.made"
    found = all_looks(subject)
    assert [look.who for look in found] == ["auditor"] + ["person"] * before
    assert look_of(subject, found[0].entry_id) == found[0]


def test_an_entry_shows_its_bytes_and_a_proof_of_them(ana: Client, world: World) -> None:
    entry = world.value("SELECT id FROM audit_entry WHERE event = 'consent.granted'")
    page = ana.get(f"/oversight/entries/{entry}/").content.decode()
    assert "c2sp.org/tlog-proof@v1" in page
    proof = ana.get(f"/oversight/entries/{entry}/proof")
    assert proof.headers["Content-Disposition"].startswith("attachment")
    assert f"\n{world.value('SELECT max(size) FROM audit_checkpoint')}\n" in proof.content.decode()
    waiting = world.value("SELECT max(id) FROM audit_entry")
    assert ana.get(f"/oversight/entries/{waiting}/proof").status_code == 404
    named = json.loads(bytes(search.entry(entry).body))["entry_uuid"]
    assert ana.get(f"/oversight/entries/named/{named}/").headers["Location"].endswith(f"/{entry}/")


@pytest.mark.parametrize(
    "path", ["entries/99999999/", "entries/named/9a9e1a3e-64a5-4c0e-9d12-a4c4b0c6f4d1/"]
)
def test_what_is_not_there(ana: Client, path: str) -> None:
    assert ana.get(f"/oversight/{path}").status_code == 404


def test_how_the_log_is(ana: Client, world: World) -> None:
    page = ana.get("/oversight/state/").content.decode()
    assert world.value("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")[:20] in page
