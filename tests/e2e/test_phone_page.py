"""The phone in the browser, as somebody with a small screen uses it, in both languages."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from demo.people import JUN, Person
from tests.running import Demo

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

SMALL = {"width": 320, "height": 568}
PATIENCE = 30_000  # milliseconds
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A small screen; whatever the browser complains about fails the test."""
    context = browser.new_context(viewport={"width": SMALL["width"], "height": SMALL["height"]})
    opened = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def text(page: Page, body: str) -> None:
    """Type a text and send it with the button."""
    page.locator("#body").fill(body)
    page.locator("#composer button[type=submit]").click()


def newest(page: Page, pattern: str) -> str:
    """Wait until the newest bubble is one of the service's that holds this pattern."""
    bubble = page.locator("#conversation > li.text").last
    expect(bubble).to_have_class(re.compile("theirs"), timeout=PATIENCE)
    expect(bubble).to_contain_text(re.compile(pattern), timeout=PATIENCE)
    return bubble.locator(".bubble").inner_text()


@pytest.mark.parametrize(
    ("language", "person", "label", "trip", "notice", "cities"),
    [
        ("en", JUN, JUN.label_en, "TRIP", r"Reply OK \d{6}", ["Nanjing", "Wuhan", "Changsha"]),
        ("zh", JUN, JUN.label_zh, "行程", r"OK \d{6}", ["南京", "武汉", "长沙"]),
    ],
)
def test_ask_read_agree_and_see_the_cities(
    demo: Demo,
    page: Page,
    language: str,
    person: Person,
    label: str,
    trip: str,
    notice: str,
    cities: list[str],
) -> None:
    page.goto(f"{demo.address}/sandbox/?lang={language}")
    page.get_by_role("button", name=label).click()
    expect(page.locator("#who")).to_have_text(label)
    # Whatever was agreed to on this phone before is ended first.
    text(page, "STOP")
    text(page, "START")
    newest(page, "TRIP|行程")
    text(page, f"LANG {language}")
    newest(page, "English|中文")

    text(page, trip)
    asked = newest(page, notice)
    code = re.search(r"OK (\d{6})", asked)
    assert code
    text(page, f"OK {code[1]}")
    answer = newest(page, cities[0])

    assert all(city in answer for city in cities)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SMALL["width"]
    # A long conversation scrolls inside the phone; the page itself stays about one screen.
    assert page.evaluate("document.documentElement.scrollHeight") <= 1.5 * SMALL["height"]
    bubble = page.locator("#conversation .bubble").last.bounding_box()
    assert bubble
    assert bubble["x"] >= 0
    assert bubble["x"] + bubble["width"] <= SMALL["width"]
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"phone-{language}-320.png"), full_page=True)
