"""The operators' pages about texts in a real browser: on a small screen and a wide one, in both
languages, with nothing that axe finds.

SCREENSHOTS=folder keeps a picture of each page.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core.numbers import number_index
from sms_gateway import providers, services
from sms_gateway.messages import Address
from sms_gateway.models import DeliveryReport, InboundMessage, OutboundMessage
from sms_gateway.providers import Failure, FailureKind
from tests.factories import people

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AsRole = Callable[[str], AbstractContextManager[None]]
PAGE = "/operations/texts/"
WIDTHS = {"": 1100, "-small": 320}


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


def set_aside(inbound: object) -> None:
    """Nobody understands anything."""
    services.set_aside(inbound_id=inbound.id)  # type: ignore[attr-defined]


@pytest.fixture
def ref(as_role: AsRole, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A day's work: texts that went, one that did not arrive, a provider that fails, an incident,
    a pin, and words nobody understood. The reference of the one that did not arrive."""
    settings.SMS_ROUTES = "sandbox:3 sandbox_b:1"
    settings.SMS_INBOUND_HANDLER = "tests.e2e.test_texts_pages.set_aside"
    settings.SMS_BUDGET_PER_DAY = 500
    failed = Failure(FailureKind.TECHNICAL, "20003")
    monkeypatch.setattr(providers.get("sandbox_b"), "classify", lambda _: failed)
    with as_role("worker"):
        monkeypatch.setattr(providers.get("sandbox_b"), "send", lambda _: 1 / 0)
        for n in range(30):
            number = f"+86138000001{n:02d}"
            given = {"to": Address(number, number_index(number)), "body": "x" * 200}
            services.send(outbound_id=services.queue(**given, kind="answer", cause=str(n)))  # type: ignore[arg-type]
        services.watch()
        lost = OutboundMessage.objects.filter(state="sent").latest("id").ref
    with as_role("web"):
        for n, body in enumerate(
            ("I have had enough of these, please", "别烦我了", "<b>what?</b>")
        ):
            services.receive(
                provider="sandbox",
                provider_message_id=str(n),
                sender="+8613800000001",
                recipient="10086",
                body=body,
            )
        services.receive_report(
            provider="sandbox", provider_message_id=str(lost), ref=lost, status="undelivered"
        )
        services.pin(provider="sandbox", by_ref=uuid.uuid4())
    with as_role("worker"):
        services.apply_report(report_id=DeliveryReport.objects.get().id)
        for inbound_id in InboundMessage.objects.values_list("id", flat=True):
            services.handle(inbound_id=inbound_id)
    return lost


def look(page: Page, name: str) -> None:
    for size, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"{name}{size}.png"), full_page=True)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == [], name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_operators_see_and_settle_texts(
    browser: Browser,
    live_server: LiveServer,
    as_role: AsRole,
    settings: Settings,
    ref: uuid.UUID,
    language: str,
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SESSION_COOKIE_NAME = "session"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    with as_role("owner"):
        operator = people.operator()
    with as_role("web"):
        context = browser.new_context(locale=language)
        session = people.enter(operator).cookies["session"].value
        context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + PAGE)
        look(page, f"texts-{language}")
        page.get_by_role("searchbox").fill("no such reference")
        page.get_by_role("searchbox").press("Enter")
        look(page, f"texts-not-found-{language}")
        page.get_by_role("searchbox").fill(str(ref))
        page.get_by_role("searchbox").press("Enter")
        look(page, f"text-{language}")
        page.locator("main form button").last.click()
        look(page, f"text-asked-{language}")
        page.goto(f"{live_server.url}{PAGE}unclear/")
        look(page, f"unclear-{language}")
        page.locator("main form button").first.click()
        look(page, f"unclear-settled-{language}")
        context.close()
    with as_role("worker"):
        services.operate()
        assert OutboundMessage.objects.filter(cause__startswith="resend:").count() == 1
