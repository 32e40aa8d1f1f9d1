"""From WRONG on a phone to an operator's decision and back, in a real browser: on a small screen,
in both languages, with nothing that axe finds serious.

SCREENSHOTS=folder keeps a picture of each page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from core import catalogue
from demo.people import LAN
from demo.phone import Phone, phones
from tests.e2e.test_account_pages import Person, browser, command, set_password, set_up_app
from tests.machine import wait_until
from tests.running import Demo

__all__ = ["browser"]
pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]


def say(phone: Phone, body: str, comes: Callable[[str], bool]) -> str:
    """Text something; the reply that is waited for."""
    seen = phone.send(body)

    def replies() -> list[str]:
        return [t.body for t in phone.texts(seen) if t.incoming and comes(t.body)]

    wait_until(lambda: bool(replies()), 60, f"a reply to {body}")
    return replies()[0]


def has(*words: str) -> Callable[[str], bool]:
    return lambda text: all(word in text for word in words)


def test_from_the_phone_to_the_decision_and_back(demo: Demo, browser: Browser) -> None:
    phone = phones(demo.address)[LAN.number]  # who lives where two cities meet
    code = say(phone, "TRIP", has("Reply OK"))[-6:]
    say(phone, f"OK {code}", has("cities of this phone"))
    listed = say(phone, "WRONG", has(catalogue.render("en", "dispute.list_head")))
    code = say(phone, "WRONG 1", has("You say this is wrong", "Reply OK"))[-6:]
    say(phone, f"OK {code}", has("An operator looks at this one visit"))
    place = listed.splitlines()[1].removeprefix("1. ").partition(":")[0]

    operator = Person(browser, demo)
    operator.go(command(demo, "create_operator", "dora@service.example"))
    set_password(operator, "Dora")
    set_up_app(operator)
    operator.page.locator("#codes_saved").check()
    operator.page.get_by_role("link", name="Continue").click()
    operator.page.get_by_role("link", name="Disputes").click()
    operator.look("disputes")
    operator.page.locator("a[href^='/operations/disputes/']", has_text="Case").first.click()
    operator.look("dispute-before")
    assert place not in operator.page.content()
    operator.press("Look, and let the person see it")
    expect(operator.page.locator("table.days")).to_be_visible()
    for city in place.split(" or "):
        expect(operator.page.locator("dl").nth(1)).to_contain_text(city)
    operator.look("dispute")
    operator.press("中文")
    expect(operator.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    operator.look("dispute-zh")
    operator.press("保留这次到访")
    expect(operator.page.locator(".problem")).to_be_visible()
    operator.look("dispute-zh-error")
    operator.page.get_by_label("应为").first.check()
    operator.page.get_by_label("基站的登记位置有误").check()
    operator.press("确认有误")
    expect(operator.page).to_have_url(re.compile("/operations/disputes/$"))
    operator.look("disputes-zh")

    say(phone, "HELP", has("WRONG"))
    wait_until(
        lambda: any("is corrected to one city" in t.body for t in phone.texts()),
        60,
        "the outcome by text",
    )
    say(phone, "LOG", has(catalogue.render("en", "log.saw_visit")))
