"""The simulator in a real browser, against the real processes."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, sync_playwright

from core import segments
from tests.integration.sms_gateway.processes import Service

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium"
    ),
    pytest.mark.serial,
    pytest.mark.xdist_group("whole machine"),
]

SAMPLES = ["TRIP", "€{}[]", "a" * 161, "€" * 153, "行程", "中" * 71, "😀" * 67, "ç", "x\ny"]


@pytest.fixture
def page(service: Service) -> Iterator[Page]:
    """An open page. Whatever it complains about, or fetches from elsewhere, fails the test."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    complaints: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith(service.base_url):
            complaints.append(request.url)

    # Playwright's event loop must be gone before the database is put away.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened = browser.new_page(viewport={"width": 320, "height": 640}, base_url=service.base_url)
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("request", note_request)
        yield opened
        browser.close()
    assert complaints == []


def test_a_conversation_by_keyboard_alone_on_a_small_screen(page: Page) -> None:
    page.goto("/sandbox/?lang=en")
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "body":
            break
        page.keyboard.press("Tab")
    page.keyboard.insert_text("TRIP please" + " and thank you" * 50)  # more than a screenful
    page.keyboard.press("Enter")
    page.get_by_text("You said: TRIP please").wait_for()
    assert page.get_by_label("Text to 10086").input_value() == ""
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.documentElement.scrollHeight") == 640
    # The answer is in view without scrolling, and so is the place to write.
    for found in (
        page.get_by_text("You said: TRIP please"),
        page.get_by_role("button", name="Send"),
    ):
        box = found.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640


def test_suggestions_codes_and_both_languages(page: Page) -> None:
    page.goto("/sandbox/?lang=en")
    page.get_by_label("Text to 10086").fill("Reply OK 482913")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="OK 482913").click()
    page.get_by_text("You said: OK 482913", exact=True).wait_for()
    page.get_by_role("link", name="中文").click()
    page.get_by_role("button", name="行程").click()
    page.get_by_text("You said: 行程").wait_for()
    assert page.get_by_text("1 条, UCS-2").count() >= 1


def test_texts_of_a_phone_that_is_not_looked_at_are_counted(page: Page, service: Service) -> None:
    page.goto("/sandbox/?lang=en")
    first, second = page.locator(".pick").nth(0), page.locator(".pick").nth(1)
    second.click()
    page.get_by_label("Text to 10086").fill("for later")
    page.get_by_role("button", name="Send").click()
    first.click()
    second.get_by_text("1 new").or_(page.get_by_text("You said: for later")).first.wait_for()
    second.click()
    page.get_by_text("You said: for later").wait_for()


def test_the_page_counts_segments_as_the_service_does(page: Page) -> None:
    page.goto("/sandbox/?lang=en")
    for text in SAMPLES:
        page.get_by_label("Text to 10086").fill(text)
        size = segments.count(text)
        shown = page.locator("#size").inner_text()
        number = "1 segment" if size.count == 1 else f"{size.count} segments"
        assert shown.startswith(f"{number} · {size.units} of "), text
        assert shown.endswith(size.encoding.value)
