"""What auditors do: pseudonyms by two, samples, findings, exports, patterns; and who may not."""

import gzip
import json
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.test import Client
from psycopg import errors

from accounts.models import StaffMember, StaffRole, User
from core import clock
from oversight import selectors
from oversight.models import Finding, Resolution, Sample
from oversight.services import exporting, resolving
from tests.factories import askers, people
from tests.integration.consent.world import World

AsRole = Callable[[str], AbstractContextManager[None]]
Enter = Callable[[User], Client]
PAGES = ["", "state/", "patterns/", "reviews/", "pseudonyms/", "holds/"]


@pytest.fixture
def ana(auditors: tuple[User, User], enter: Enter) -> Client:
    return enter(auditors[0])


@pytest.fixture
def ben(auditors: tuple[User, User], enter: Enter) -> Client:
    return enter(auditors[1])


# ---------------------------------------------------------------------- who
def test_operators_members_and_strangers_reach_nothing(
    auditors: tuple[User, User], enter: Enter, as_role: AsRole
) -> None:
    with as_role("owner"):
        operator = people.operator()
    browser = enter(operator)
    for page in PAGES:
        assert browser.get(f"/oversight/{page}").status_code == 404, page
        answer = Client().get(f"/oversight/{page}")
        assert (answer.status_code, answer.headers["Location"][:15]) == (302, "/account/login/")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_in_both_languages(ana: Client, page: str, language: str) -> None:
    answer = ana.get(f"/oversight/{page}", headers={"accept-language": language})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


# ---------------------------------------------------------------------- pseudonyms
def test_a_pseudonym_takes_two_and_the_person_sees_it(
    ana: Client, ben: Client, auditors: tuple[User, User], enter: Enter, world: World,
    as_role: AsRole,
) -> None:  # fmt: skip
    with as_role("worker"):
        person = world.person()
    asked = {"number": person.number, "reason": "complaint"}
    assert ana.post("/oversight/pseudonyms/", asked).status_code == 302
    resolution = Resolution.objects.get()
    here = f"/oversight/pseudonyms/{resolution.id}/"
    assert ana.get(here).status_code == 404
    assert ana.post(f"{here}agree/").headers["Location"] == "/oversight/pseudonyms/"
    assert ana.get(here).status_code == 404
    assert ben.post(f"{here}agree/").headers["Location"] == here
    assert str(person.tenure.subject_ref) in ana.get(here).content.decode()
    assert ben.get(here).status_code == 200
    bodies = world.bodies("auditor.resolved")
    assert [body["actor"] for body in bodies] == [
        {"type": "auditor", "role": "auditor", "ref": str(one.id)} for one in auditors
    ]
    assert {(body["subject_ref"], body["reason"]) for body in bodies} == {
        (str(person.tenure.subject_ref), "complaint")
    }
    with as_role("owner"):
        cai = people.person("cai@service.example")
        StaffMember.objects.create(user=cai, role=StaffRole.AUDITOR, since=clock.now())
    assert enter(cai).get(here).status_code == 404, "the two alone"
    assert resolving.pseudonyms(by=cai, resolution_id=resolution.id) == []
    assert len(world.bodies("auditor.resolved")) == 2
    assert person.number[-8:] not in str(world.bodies("auditor.resolve_asked"))


def test_what_was_refused_or_is_old_tells_nothing(
    ben: Client, ana: Client, auditors: tuple[User, User], world: World, as_role: AsRole
) -> None:
    with as_role("worker"):
        person = world.person()
    refused = resolving.ask(by=auditors[0], number=person.number, reason="investigation")
    assert ben.post(f"/oversight/pseudonyms/{refused.id}/refuse/").status_code == 302
    assert resolving.pseudonyms(by=auditors[0], resolution_id=refused.id) == []
    old = resolving.ask(by=auditors[0], number=person.number, reason="investigation")
    resolving.decide(by=auditors[1], resolution_id=old.id, grant=True)
    world.superuser.execute(
        "UPDATE oversight_resolution SET decided_at = decided_at - interval '1 day'"
    )
    assert resolving.pseudonyms(by=auditors[0], resolution_id=old.id) == []
    with pytest.raises(resolving.NotAllowedError):
        resolving.decide(by=auditors[1], resolution_id=old.id, grant=True)
    assert (
        b"no mobile number"
        in ana.post("/oversight/pseudonyms/", {"number": "12", "reason": "complaint"}).content
    )


def test_the_database_wants_two_and_shows_no_tenure(
    auditors: tuple[User, User],
    world: World,
    as_role: AsRole,
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    with as_role("worker"):
        person = world.person()
    asked = resolving.ask(by=auditors[0], number=person.number, reason="complaint")
    auditor = connect_as("auditor")
    auditor.autocommit = True
    with pytest.raises(errors.CheckViolation):
        auditor.execute(
            "UPDATE oversight_resolution SET decided_by = asked_by, decided_at = now(),"
            " is_granted = true"
        )
    for table in ("subscribers_tenure", "consent_consent", "core_personkey", "signaling_staypoint"):
        with pytest.raises(errors.InsufficientPrivilege):
            auditor.execute(f"SELECT * FROM {table}")
    with pytest.raises(errors.InsufficientPrivilege):
        auditor.execute("UPDATE oversight_resolution SET number_index = '\\x00'")
    assert resolving.pseudonyms(by=auditors[0], resolution_id=asked.id) == []


# ---------------------------------------------------------------------- reviews
def test_from_a_sample_to_a_finding_that_was_followed_up(
    ana: Client, ben: Client, world: World, as_role: AsRole
) -> None:
    with as_role("worker"):
        world.agreed()
    drawn = ana.post("/oversight/reviews/", {"event": "consent.", "size": "3"})
    sample = Sample.objects.get()
    assert drawn.headers["Location"] == f"/oversight/reviews/{sample.id}/"
    assert len(sample.entry_ids) == 3
    [entry, *_] = sample.entry_ids
    page = ana.get(f"/oversight/reviews/{sample.id}/{entry}/")
    assert page.status_code == 200
    assert Sample.objects.get().looked_at == [entry]
    note = {"text": "<b>why twice?</b>", "sample": str(sample.id)}
    assert ana.post(f"/oversight/entries/{entry}/finding/", note).status_code == 302
    finding = Finding.objects.get()
    assert finding.sample_id == sample.id
    here = f"/oversight/findings/{finding.id}/"
    assert "&lt;b&gt;why twice" in ben.get(here).content.decode()
    assert ben.post(here, {"outcome": ""}).status_code == 200
    assert ben.post(here, {"outcome": "Two texts, two entries."}).status_code == 302
    assert ben.post(here, {"outcome": "Again."}).status_code == 302
    assert Finding.objects.get().outcome == "Two texts, two entries."
    assert [len(world.bodies(f"auditor.{e}")) for e in ("noted_finding", "closed_finding")] == [
        1,
        1,
    ]
    other = ana.get(f"/oversight/reviews/{sample.id}/{max(sample.entry_ids) + 1}/")
    assert other.status_code == 404


# ---------------------------------------------------------------------- exports
def test_an_export_goes_on_where_it_was_and_has_each_entry_once(
    ana: Client, ben: Client, world: World, as_role: AsRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART", 2)
    with as_role("worker"):
        for _ in range(3):
            world.agreed()
    begun = ana.post("/oversight/exports/", {"event": "consent.granted"})
    here = begun.headers["Location"]
    assert ben.get(here).status_code == 404
    assert ana.get(f"{here}content").status_code == 404
    pages = [ana.get(here).content.decode() for _ in range(3)]
    assert ['http-equiv="refresh"' in page for page in pages] == [True, False, False]
    raw = b"".join(ana.get(f"{here}content").streaming_content)  # type: ignore[attr-defined]
    lines = [json.loads(line) for line in gzip.decompress(raw).decode().splitlines()]
    expected = world.superuser.execute(
        "SELECT id, convert_from(body, 'UTF8') FROM audit_entry WHERE event = 'consent.granted'"
        " ORDER BY id DESC"
    ).fetchall()
    assert [(line["id"], line["body"]) for line in lines] == expected
    with as_role("worker"):
        assert exporting.forget() == 0
        world.superuser.execute(
            "UPDATE oversight_export SET asked_at = asked_at - interval '1 day'"
        )
        assert exporting.forget() == 1


def test_what_is_decided_asks_again_who_is_there(ana: Client, world: World) -> None:
    session = ana.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1.0}]
    session.save()
    asked = {"number": world.number(), "reason": "complaint"}
    for path, form in (
        ("exports/", {}), ("pseudonyms/", asked), (f"pseudonyms/{uuid.uuid4()}/agree/", {}),
    ):  # fmt: skip
        answer = ana.post(f"/oversight/{path}", form)
        assert answer.headers["Location"] == "/account/reauthenticate/?next=/oversight/", path
    assert world.bodies("export.made") == world.bodies("auditor.resolve_asked") == []
    assert ana.get("/oversight/pseudonyms/").status_code == 200


@pytest.mark.parametrize(
    "path", ["entries/99999999999999999999/", "entries/99999999999999999999/proof"]
)
def test_an_id_that_there_cannot_be(ana: Client, path: str) -> None:
    assert ana.get(f"/oversight/{path}").status_code == 404


def test_a_finding_names_a_sample_or_none(ana: Client) -> None:
    answer = ana.post("/oversight/entries/1/finding/", {"text": "x", "sample": "no-sample"})
    assert answer.status_code == 404


# ---------------------------------------------------------------------- patterns
def test_patterns_are_counted_from_the_log(
    ana: Client, auditors: tuple[User, User], world: World, as_role: AsRole
) -> None:
    org = askers.organisation(world.superuser, "Hill Works Ltd")
    for _ in range(selectors.FEW + 5):
        world.superuser.execute(
            "SELECT audit.record('organisation.asked', jsonb_build_object('org_ref', %s::text,"
            " 'request_id', gen_random_uuid()))",
            [org],
        )
    with as_role("worker"):
        person = world.person()
        world.ask_for_organisation(person, "111111", "Hill Works Ltd")
    [pattern] = selectors.askers()
    assert (pattern.org_ref, pattern.asked, pattern.granted) == (org, selectors.FEW + 5, 0)
    [burst] = selectors.bursts(times=0)
    assert burst.asked == selectors.FEW + 5
    assert selectors.asked_by_day()[-1][1] == selectors.FEW + 5
    assert selectors.asked_by_day()[-1][0].date() == clock.now().date()
    assert selectors.readers() == []
    ana.get(f"/oversight/?subject_ref={person.tenure.subject_ref}")
    [reader] = selectors.readers()
    assert (reader.account_ref, reader.looks, reader.subjects) == (auditors[0].id, 1, 1)
    page = ana.get("/oversight/patterns/").content.decode()
    assert "Hill Works Ltd" in page
    assert len(re.findall("<rect ", page)) == selectors.PATTERN_DAYS


def test_a_release_that_was_not_delivered(auditors: tuple[User, User], world: World) -> None:
    consent, release = uuid.uuid4(), uuid.uuid4()
    for event, age in (("access.released", "2 days"), ("access.delivered", "1 day")):
        world.superuser.execute(
            "SELECT audit.append(%s, jsonb_build_object('subject_ref', gen_random_uuid(),"
            " 'consent_id', %s::text, 'release_id', %s::text))",
            [event, consent, release],
        )
        world.superuser.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        world.superuser.execute(
            "UPDATE audit_entry SET recorded_at = core.now() - %s::interval WHERE event = %s",
            [age, event],
        )
        found = selectors.undelivered()
        assert len(found) == (1 if event == "access.released" else 0)
