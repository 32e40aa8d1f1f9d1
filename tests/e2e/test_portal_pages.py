"""The employers' portal in a real browser, as the web process serves it: on a small screen, in both
languages, by the keyboard alone, without scripts, with nothing that axe finds.

SCREENSHOTS=folder keeps a picture of each page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    expect,
    sync_playwright,
)
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from organisations.models import Membership
from tests.factories import people, portal
from tests.integration.verification.answers import issue
from travel.questions import ItineraryQuestion
from verification.reading import Standing
from verification.services import webhooks
from verification.services.issuing import mark, publish_lists
from verification.services.requests import Asker, Question, ask, cancel

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AsRole = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Playwright's own loop would make Django refuse the database in this thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Desk:
    """An owner at a browser. Each page they come to is looked at."""

    owner: Membership
    browser: Browser
    address: str
    superuser: psycopg.Connection
    as_role: AsRole
    complaints: list[str] = field(default_factory=list)
    opened: list[BrowserContext] = field(default_factory=list)

    @property
    def home(self) -> str:
        return f"{self.address}/employers/{self.owner.organisation_id}/"

    def sit(self, language: str = "en", *, scripts: bool = True) -> Page:
        context = self.browser.new_context(
            viewport={"width": 320, "height": 640}, locale=language, java_script_enabled=scripts
        )
        session = people.enter(self.owner.user).cookies["session"].value
        context.add_cookies([{"name": "session", "value": session, "url": self.address}])
        self.opened.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def look(self, page: Page, name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.locator("h1").count() == 1, name
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["target"]) for v in found] == [], name
        assert self.complaints == [], name
        if folder := os.environ.get("SCREENSHOTS"):
            page.set_viewport_size({"width": 760, "height": 700})
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
            page.set_viewport_size({"width": 320, "height": 640})
            page.screenshot(path=str(Path(folder) / f"{name}-small.png"), full_page=True)

    def ask(self, reference: str, **change: Any) -> UUID:
        given: dict[str, Any] = {
            "purpose": "return_to_work", "question": "visited_any", "days": 14, "kept_days": 7,
            "cities": ["420100"], "countries": ["TH"], "reference": reference,
        }  # fmt: skip
        given["number"] = f"+86139{len(reference):04}{hash(reference) % 10**4:04}"
        question = Question(**given | change)
        return ask(by=Asker.member(self.owner), question=question).id


@pytest.fixture
def desk(
    browser: Browser,
    live_server: LiveServer,
    as_role: AsRole,
    superuser: psycopg.Connection,
    settings: Settings,
) -> Iterator[Desk]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SESSION_COOKIE_NAME = "session"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    portal.places(superuser)
    with as_role("web"):
        where = people.organisation("River Works Ltd")
        owner = people.member(where, "ada@river.example")
        portal.may_ask_by_number(superuser, where)
        owner.organisation.refresh_from_db()
        made = Desk(owner, browser, live_server.url, superuser, as_role)
        yield made
        for context in made.opened:
            context.close()


def answered(desk: Desk, reference: str, **question: Any) -> tuple[UUID, UUID]:
    """A request with its answer: ids of both."""
    request_id = desk.ask(reference)
    with desk.as_role("worker"):
        signed = issue(**question)
        publish_lists()
    portal.hand_over(desk.superuser, request_id, signed.token, signed.id)
    return request_id, signed.id


def called(desk: Desk) -> UUID:
    """A webhook with a test that came to nothing; both secrets sign."""
    by = webhooks.as_owner(desk.owner)
    hook, _ = webhooks.register(by=by, url="https://hr.example/travelcheck")
    webhooks.rotate(by=by, webhook_id=hook.id)
    webhooks.send_test(by=by, webhook_id=hook.id)
    desk.superuser.execute(
        "INSERT INTO verification_attempt (delivery_id, at, outcome)"
        " SELECT id, made_at, 'connection' FROM verification_delivery"
    )
    desk.superuser.execute("UPDATE verification_delivery SET given_up_at = made_at")
    return hook.id


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page(desk: Desk, language: str) -> None:
    said, _ = answered(desk, "shift A 17")
    listed, _ = answered(desk, "trip 4", question=ItineraryQuestion(14))
    disputed, contested = answered(desk, "shift A 18")
    taken, _ = answered(desk, "shift A 19")
    portal.withdraw(desk.superuser, taken)
    with desk.as_role("worker"):
        mark(answers=[contested], standing=Standing.DISPUTED)
        publish_lists()
    waits, late = desk.ask("shift B 2"), desk.ask("shift B 3")
    desk.superuser.execute(
        "UPDATE consent_request SET asked_at = asked_at - interval '2 days',"
        " closes_at = closes_at - interval '2 days' WHERE id = %s",
        [late],
    )
    over = desk.ask("shift B 1")
    cancel(by=Asker.member(desk.owner), request_id=over)
    page = desk.sit(language)
    for path, name in {
        "": "organisation",
        "ask/": "ask",
        "requests/": "requests",
        f"requests/{waits}/": "request-open",
        f"requests/{late}/": "request-not-released",
        f"requests/{over}/": "request-cancelled",
        f"requests/{said}/": "request-answered",
        f"requests/{said}/answer/": "answer",
        f"requests/{listed}/answer/": "answer-list",
        f"requests/{disputed}/answer/": "answer-disputed",
        f"requests/{taken}/answer/": "answer-withdrawn",
        "uploads/": "uploads",
        "usage/": "usage",
        "members/": "members",
        "keys/": "keys",
        "webhooks/": "webhooks",
        f"webhooks/{called(desk)}/": "webhook",
    }.items():
        response = page.goto(desk.home + path)
        assert response is not None
        assert response.status == 200, path
        desk.look(page, f"{name}-{language[:2]}")
    page.goto(desk.address)
    desk.look(page, f"home-{language[:2]}")


def tab_to(page: Page, selector: str) -> None:
    """The way a keyboard goes, and the focus is seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and focused.evaluate("(e, s) => e.matches(s)", selector):
            assert focused.evaluate("e => e.matches(':focus-visible')")
            return
    raise AssertionError(f"the keyboard does not come to {selector}")


def test_asking_by_the_keyboard_alone(desk: Desk) -> None:
    page = desk.sit()
    page.goto(desk.home + "ask/")
    tab_to(page, "[name=number]")
    page.keyboard.type("+86 139 0000 0001")
    tab_to(page, "[name=purpose]")
    page.keyboard.press("Space")
    tab_to(page, "[name=question]")
    page.keyboard.press("Space")
    tab_to(page, "[name=find]")
    page.keyboard.type("wuh")  # what is found comes by itself
    expect(page.locator("[value='420100']")).to_be_visible()
    tab_to(page, "[value='420100']")
    page.keyboard.press("Space")
    tab_to(page, "[name=reference]")
    page.keyboard.type("shift A 17")
    desk.look(page, "ask-filled")
    tab_to(page, "[value=preview]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What the person will read")
    desk.look(page, "ask-preview")
    tab_to(page, "[value=send]")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("on its way")
    expect(page.locator("h1 .state")).to_have_text("open")
    assert "139" not in page.url + page.content()


def test_what_is_wrong_is_said_at_its_field(desk: Desk) -> None:
    page = desk.sit("zh-CN")
    page.goto(desk.home + "ask/")
    page.locator("[name=code]").fill("K7M2Q-X9TBB")
    page.get_by_label("返岗").check()
    page.get_by_label("完整的城市列表").check()
    page.locator("[value=preview]").click()
    expect(page.locator(".error")).to_have_count(1)
    desk.look(page, "ask-error-zh")


def test_asking_without_scripts(desk: Desk) -> None:
    page = desk.sit(scripts=False)
    page.goto(desk.home + "ask/")
    page.locator("[name=number]").fill("+86 139 0000 0001")
    page.locator("[name=purpose]").first.check()
    page.locator("[name=question]").first.check()
    page.locator("[name=find]").fill("thai")
    page.keyboard.press("Enter")
    page.locator("[value=TH]").check()
    page.locator("[name=find]").fill("")
    page.locator("[value=preview]").click()
    page.locator("[value=change]").click()
    expect(page.locator("[name=number]")).to_have_value("+86 139 0000 0001")
    page.locator("[value=preview]").click()
    page.locator("[value=send]").click()
    expect(page.locator("h1 .state")).to_have_text("open")


def test_a_file_of_people_goes_by_itself(desk: Desk) -> None:
    page = desk.sit()
    page.goto(desk.home + "uploads/")
    page.locator("[name=purpose]").first.check()
    page.locator("[name=question]").first.check()
    page.locator("[name=find]").fill("wuhan")
    page.locator("[value='420100']").check()
    people_ = "".join(f"+861390001{n:04},no {n}\n" for n in range(70))
    file = f"number,reference\n{people_}12,typo\n".encode()
    page.locator("[name=file]").set_input_files(
        FilePayload(name="people.csv", mimeType="text/csv", buffer=file)
    )
    page.locator("[value=preview]").click()
    expect(page.locator("h1")).to_have_text("Nothing is sent yet")
    desk.look(page, "upload-preview")
    page.get_by_role("button", name="Send to 70 people").click()
    expect(page.locator("#progress")).to_contain_text("Done: 70 requests sent", timeout=30_000)
    desk.look(page, "upload-done")
    page.get_by_role("link", name="Follow the requests").click()
    page.get_by_role("button", name="Older ones").click()
    expect(page.locator(".list li")).to_have_count(25)
