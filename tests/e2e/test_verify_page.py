"""The page that checks an answer, in a real browser: small screen, keyboard alone, both languages,
under the real content security policy, with nothing that axe finds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.integration.verification.answers import issue
from travel.questions import ItineraryQuestion
from verification.reading import Standing
from verification.services.issuing import mark, publish_lists

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def small_screen(language: str) -> Iterator[Page]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = browser.new_context(viewport={"width": 320, "height": 568}, locale=language)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert context.cookies() == []
        browser.close()
        assert complaints == []


def look(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h1").count() == 1
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []


def type_in(page: Page, token: str) -> None:
    """By keyboard: past the language link into the field, then the button."""
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.insert_text(token)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_somebody_checks_answers_and_reads_them_in_the_other_language(
    live_server: LiveServer,
) -> None:
    good, contested = issue(ItineraryQuestion(14)), issue()
    mark(answers=[contested.id], standing=Standing.DISPUTED)
    publish_lists()
    made_up = f"{good.token.rsplit('.', 1)[0]}.{contested.token.rsplit('.', 1)[1]}"
    found = {good.token: "Genuine.", contested.token: "Disputed.", made_up: "Not genuine."}
    with small_screen("en") as page:
        for token, finding in found.items():
            page.goto(f"{live_server.url}/verify/")
            type_in(page, token)
            expect(page.locator("#finding")).to_contain_text(finding)
            assert page.title().startswith(finding)
            assert token not in page.url
            look(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the other language
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        look(page)
        type_in(page, good.token)
        expect(page.locator("#finding")).to_contain_text("真实。")
