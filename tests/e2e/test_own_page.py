"""A person's own page, from the number to STOP, in a real browser: on a small screen, by keyboard,
in both languages, with nothing that axe finds.

SCREENSHOTS=folder keeps a picture of each page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, expect

from audit.verify.__main__ import main
from demo.people import FANG
from demo.phone import phones
from tests.e2e.test_account_pages import Person, browser, heard, newest
from tests.e2e.test_disputes_page import has, say
from tests.running import Demo, clean_environment
from travelcheck.stack.folders import ROOT

__all__ = ["browser"]
pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]


def test_from_the_number_to_stop(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    phone = phones(demo.address)[FANG.number]
    say(phone, f"OK {say(phone, 'TRIP', has('Reply OK'))[-6:]}", has("cities of this phone"))

    visitor = Person(browser, demo)
    page = visitor.page
    visitor.go("/")
    page.get_by_role("link", name="See what is held about your number").click()
    visitor.look("own-page-begin")
    visitor.press("Text me a code")
    expect(page.locator(".error")).to_be_visible()
    visitor.look("own-page-begin-error")
    page.locator("[name=number]").fill(FANG.number)
    before = newest(phone)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/me/code/$"))
    text, code = heard(phone, before, r"(\d{4} \d{4})")
    assert "Tell it to nobody" in text
    page.locator("[name=code]").fill("0000 0000")
    page.keyboard.press("Enter")
    expect(page.locator(".error")).to_contain_text("does not open")
    visitor.look("own-page-code")
    page.locator("[name=code]").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator(".records")).to_contain_text("you, TRIP: ")  # the waiting page is over
    assert FANG.number.removeprefix("+") not in page.content() + page.url
    visitor.look("own-page")
    for part in ("What you agreed to", "Answers", "Texts", "The whole log"):
        page.get_by_role("link", name=part, exact=True).click()
        expect(page.locator("h1")).to_have_text(part)
        visitor.look(f"own-page-{part.split()[-1].lower()}")
    visitor.press("中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    visitor.look("own-page-log-zh")
    page.get_by_role("link", name="您的授权").click()
    expect(page.locator("h1")).to_have_text("您的授权")
    visitor.look("own-page-consents-zh")
    page.get_by_role("link", name="下载", exact=True).click()
    expect(page.locator("h1")).to_have_text("下载")
    visitor.look("own-page-copy-zh")
    visitor.press("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    visitor.look("own-page-copy")

    key = published_key(demo)
    for button, name in (("Copy as JSON", "copy.json"), ("Copy as tables (CSV, zipped)", "c.zip")):
        with page.expect_download() as waiting:
            visitor.press(button)
        found: Download = waiting.value
        found.save_as(tmp_path / name)
        assert main(["--export", str(tmp_path / name), "--key", key]) == 0
    assert "到访" not in json.loads((tmp_path / "copy.json").read_text())["readme"]["what"]

    say(phone, "STOP", has("Stopped"))
    page.get_by_role("link", name="Who looked").click()
    expect(page.locator("h1")).to_have_text("The page is closed")
    visitor.look("own-page-closed")
    say(phone, "START", has("Welcome back"))


def published_key(demo: Demo) -> str:
    """The key of the demo's log, as somebody who runs it publishes it."""
    return subprocess.run(
        [sys.executable, "manage.py", "audit_key"],
        env=clean_environment(demo.folder) | {"DEMO": "1", "PUBLIC_BASE_URL": demo.address},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
