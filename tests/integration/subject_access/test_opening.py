"""Who gets in and who does not: the same page for every number, codes, and what closes it."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings

from core import person_keys
from core.keys import derive
from core.numbers import number_index
from core.sealing import seal
from sms_gateway.models import OutboundMessage
from subject_access import services, tasks
from subject_access.browser import Browser
from subject_access.codes import digest, read
from subject_access.models import Opening
from tests.integration.inquiry.talk import Service
from tests.integration.inquiry.test_ending import erase_code
from tests.integration.subject_access.visitor import CODE, Visitor

pytestmark = pytest.mark.django_db(transaction=True)

Subscriber = Callable[..., str]
Desk = Callable[[], Visitor]
Connect = Callable[[str], psycopg.Connection]


def shift(service: Service, by: timedelta) -> None:
    """As if every opening had been that much earlier."""
    service.world.superuser.execute(
        "UPDATE subject_access_opening SET asked_at = asked_at - %(by)s,"
        " code_until = code_until - %(by)s, opened_at = opened_at - %(by)s",
        {"by": by},
    )


def test_every_number_gets_the_same_page(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    world = service.world
    known, stopped, doubtful, often = (subscriber("330100") for _ in range(4))
    unknown = world.number()
    service.say(stopped, "STOP")
    world.superuser.execute(
        "UPDATE subscribers_tenure SET contested_from = core.now() WHERE msisdn_index = %s",
        [number_index(doubtful)],
    )
    for _ in range(services.IN_AN_HOUR):
        assert len(desk().type_number(often)) == 1

    def story(number: str, texts: int) -> list[object]:
        visitor = desk()
        seen: list[object] = []
        assert len(visitor.type_number(number)) == texts
        cookie = visitor.client.cookies[settings.OWN_PAGE_COOKIE]
        seen.append((cookie["httponly"], cookie["samesite"], cookie["path"], len(cookie.value)))
        pages = [visitor.get("/me/code/"), visitor.get("/me/record/")]
        pages += [visitor.post("/me/code/", code=code) for code in ("1", *["0000 0000"] * 4)]
        return seen + [
            (p.status_code, re.sub(r'value="[A-Za-z0-9]{64}"', "", p.content.decode()))
            for p in pages
        ]

    expected = story(known, 1)
    assert expected == story(unknown, 0)
    assert expected == story(stopped, 0)
    assert expected == story(doubtful, 0)
    assert expected == story(often, 0)
    rows = Opening.objects.filter(considered_at__isnull=False, number_sealed=None)
    assert rows.exclude(code_digest=None).count() == Opening.objects.count() == 8
    assert not world.value("SELECT count(*) FROM core_personkey WHERE number_index = %s",
                           number_index(unknown))  # fmt: skip


def test_a_code_is_for_one_browser_one_time_three_tries_ten_minutes(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    number = subscriber("330100")
    first, second = desk(), desk()
    code = first.code_for(number)
    other = second.code_for(number)
    assert not second.type_code(code), "sent for another browser"
    assert first.type_code(f" {code.replace(' ', '-')} ")
    assert first.is_open()
    assert not desk().type_code(code)
    first.post("/me/close/")
    assert not first.type_code(code), "once"
    assert not second.type_code("0000 0000")
    assert not second.type_code("0000 0000")
    assert not second.type_code(other), "three tries were made"
    assert "The page is closed" in second.get("/me/code/").content.decode()

    late = desk()
    code = late.code_for(number)
    shift(service, timedelta(minutes=10))
    assert not late.type_code(code)


def test_two_clicks_open_it_once(service: Service, subscriber: Subscriber, desk: Desk) -> None:
    number = subscriber("330100")
    visitor = desk()
    digits = read(visitor.code_for(number))
    assert digits is not None
    opening = Opening.objects.get()
    arguments = [bytes(opening.public_key), digest(opening.id, digits)]

    def click(web: psycopg.Connection) -> bool:
        row = web.execute("SELECT gate.page_try(%s, %s)", arguments).fetchone()
        return bool(row and row[0])

    def connection() -> psycopg.Connection:
        return psycopg.connect(_web_address(), autocommit=True)

    clicks = [connection() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(click, clicks))
    for one in clicks:
        one.close()
    assert sorted(opened) == [False] * 5 + [True]
    entries = "SELECT count(*) FROM audit_entry WHERE event = 'subject.opened_page'"
    assert service.world.value(entries) == 1


def _web_address() -> str:
    return os.environ["DATABASE_URL"]


def test_what_the_web_process_can_do_opens_nobodys_page(
    service: Service, subscriber: Subscriber, desk: Desk, connect_as: Connect
) -> None:
    """An attacker with its role and its keys: a code they do not know, and rows they cannot see."""
    number = subscriber("330100")
    service.agree(number)
    visitor = desk()
    visitor.open(number)
    opening = Opening.objects.get()
    web = connect_as("web")
    for statement in (
        "SELECT public_key FROM subject_access_opening",
        "UPDATE subject_access_opening SET attempts = 0",
        "INSERT INTO subject_access_opening (id) VALUES (gen_random_uuid())",
        "SELECT * FROM gate.page_opened('\\x00')",
        "SELECT gate.page_end_all('\\x00')",
        "SELECT body FROM audit_entry",
        "SELECT audit.record('subject.opened_page', jsonb_build_object('by', 'person',"
        f" 'subject_ref', '{opening.tenure_id}'), NULL, NULL)",
    ):
        with pytest.raises(psycopg.Error) as refused:
            web.execute(statement)
        assert refused.value.sqlstate == "42501", statement
        web.rollback()

    # Its own browser, somebody else's number: a code goes to the phone, and three guesses remain.
    mine = Browser.new()
    web.execute(
        "SELECT gate.page_ask(gen_random_uuid(), %s, %s, '\\x00', 'en')",
        [mine.public_key, number_index(number)],
    )
    guesses = [b"\0" * 32, None, b"\1" * 32, b"\2" * 32]
    tried = [
        web.execute("SELECT gate.page_try(%s, %s)", [mine.public_key, guess]).fetchone()
        for guess in guesses
    ]
    assert tried == [(False,)] * 4
    state = web.execute("SELECT state FROM gate.page_read(%s)", [mine.public_key]).fetchone()
    assert state == ("none",)
    web.commit()

    # Nor does the code go to its own phone, when it seals that number beside the other one's index.
    own, mine, opening_id = subscriber("310000"), Browser.new(), uuid.uuid4()
    address = seal(derive("own-page-number"), own.encode(), opening_id.bytes)
    web.execute(
        "SELECT gate.page_ask(%s, %s, %s, %s, 'xx')",
        [opening_id, mine.public_key, number_index(number), address],
    )
    web.commit()
    service.arrived(number)
    tasks.sweep.run()
    service.work()
    assert service.arrived(own) == service.arrived(number) == []
    assert OutboundMessage.objects.latest("id").reason == "unreachable"

    # What the database holds opens with the browser's secret alone.
    assert opening.sealed is not None
    sealed = bytes(opening.sealed)
    assert mine.unseal(sealed) is None
    assert person_keys.current(number_index(number)).secret not in sealed
    assert visitor.browser.unseal(sealed) is not None


def test_nothing_shows_before_the_opening_is_in_the_signed_log(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    visitor = desk()
    number = subscriber("330100")
    code = visitor.code_for(number)
    visitor.post("/me/code/", code=code)
    service.work(sequencing=False)
    assert "One moment" in visitor.get("/me/record/").content.decode()
    with service.as_role("web"):
        asks = visitor.client.get("/me/record/", headers={"HX-Request": "true"})
    assert asks.status_code == 204
    assert "The page is closed" in visitor.post("/me/copy/json/").content.decode()
    service.world.sequence()
    tasks.sweep.run()
    service.work()
    with service.as_role("web"):
        asks = visitor.client.get("/me/record/", headers={"HX-Request": "true"})
    assert asks["HX-Refresh"] == "true"
    assert visitor.is_open()


def test_a_lost_task_is_taken_up(service: Service, subscriber: Subscriber, desk: Desk) -> None:
    visitor = desk()
    number = subscriber("330100")
    visitor.post("/me/", number=number)
    service.queue.waiting.clear()
    for _ in range(2):
        tasks.sweep.run()
        service.work()
    (text,) = service.arrived(number)
    found = CODE.search(text)
    assert found is not None
    visitor.post("/me/code/", code=found[1])
    service.queue.waiting.clear()
    service.world.sequence()
    tasks.sweep.run()
    service.work()
    assert visitor.is_open()


@pytest.mark.parametrize("how", ["STOP", "ERASE", "hands", "contested", "time", "close"])
def test_what_closes_an_open_page(
    service: Service, subscriber: Subscriber, desk: Desk, how: str
) -> None:
    number = subscriber("330100")
    service.agree(number)
    visitor, waits = desk(), desk()
    visitor.open(number)
    code = waits.code_for(number)
    tenure = Opening.objects.filter(opened_at__isnull=False).get().tenure_id
    assert tenure is not None
    assert visitor.is_open()
    world = service.world
    match how:
        case "STOP":
            service.say(number, "STOP")
            assert not Opening.objects.exclude(sealed=None, code_digest=None).exists()
            # Whoever typed the number must not see that its holder does something just now.
            assert 'name="code"' in waits.get("/me/code/").content.decode()
        case "ERASE":
            service.reply(number, f"ERASE {erase_code(service, number)}")
            left = Opening.objects.get()
            assert left.opened_at is None
            assert not left.code_digest
            assert left.tenure_id is None
            assert bytes(left.number_index) != number_index(number)
            assert 'name="code"' in waits.get("/me/code/").content.decode()
        case "hands":
            world.end_tenure(tenure)
        case "contested":
            world.superuser.execute("UPDATE subscribers_tenure SET contested_from = core.now()")
        case "time":
            shift(service, timedelta(minutes=15))
            with service.as_role("worker"):
                services.forget()
            assert not Opening.objects.exclude(sealed=None).exists()
        case "close":
            assert "Closed" in visitor.post("/me/close/").content.decode()
            assert not Opening.objects.exclude(sealed=None).exists()
    assert not visitor.is_open()
    assert "The page is closed" in visitor.post("/me/copy/json/").content.decode()
    if how != "close":
        assert not waits.type_code(code), "a code from before opens nothing"


def test_a_new_holder_sees_nothing_of_the_one_before(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    number = subscriber("330100")
    service.agree(number)
    before = desk()
    before.open(number)
    opening = Opening.objects.get()
    assert opening.tenure_id is not None
    service.world.end_tenure(opening.tenure_id)
    service.world.subscribe(number, imsi=b"i" * 32, since=service.now())
    after = desk()
    assert "TRIP" not in after.open(number)
    mine = after.copy()
    assert [entry["event"] for entry in mine["entries"]] == ["subject.opened_page"]
    assert mine["texts"] == [] or {text["kind"] for text in mine["texts"]} == {"page_code"}
    assert not before.is_open()


def test_tries_are_counted_by_address_and_rows_go_after_a_day(
    service: Service, subscriber: Subscriber, desk: Desk
) -> None:
    visitor = desk()
    number = service.world.number()
    answers = [visitor.post("/me/", number=number).status_code for _ in range(22)]
    assert answers == [302] * 20 + [200] * 2
    assert "Too many tries" in visitor.post("/me/", number=number).content.decode()
    assert "no mobile number" in visitor.post("/me/", number="0571").content.decode()
    shift(service, timedelta(days=1, minutes=1))
    with service.as_role("worker"):
        assert services.forget() == 20
    assert not Opening.objects.exists()
