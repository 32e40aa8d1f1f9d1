"""From the first command to an organisation with a key, in a real browser: by the keyboard alone
where it counts, on a small screen, in both languages, with nothing that axe finds serious.

SCREENSHOTS=folder keeps a picture of each page.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from demo.people import YAN
from demo.phone import Phone, phones
from tests.factories.people import PASSWORD, totp
from tests.machine import wait_until
from tests.running import Demo, clean_environment
from travelcheck.stack.folders import ROOT

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/\S+)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Person:
    """Somebody at a browser of their own. Each page they come to is looked at."""

    def __init__(self, browser: Browser, demo: Demo, language: str = "en") -> None:
        # Passkeys need a name: Chromium takes none for a bare IP address.
        self.home = demo.address.replace("127.0.0.1", "localhost")
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 320, "height": 640}, locale=language
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self._listen(m.type, m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def go(self, path: str) -> Page:
        self.page.goto(self.home + path)
        return self.page

    def look(self, name: str) -> None:
        """The page fits, has one heading and a title, and axe finds nothing serious."""
        page = self.page
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.locator("h1").count() == 1, name
        found = Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["target"]) for v in found] == [], name
        assert self.complaints == [], name

    def press(self, label: str) -> None:
        """A button, by Tab to it and Enter: whoever has no mouse does the same."""
        button = self.page.get_by_role("button", name=label, exact=True).first
        button.focus()
        for step in ("Shift+Tab", "Tab"):
            self.page.keyboard.press(step)
        assert button.evaluate("e => e.matches(':focus-visible')") is True
        self.page.keyboard.press("Enter")


def command(demo: Demo, *arguments: str) -> str:
    """`manage.py …` as somebody on the machine runs it; the path of the link it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=clean_environment(demo.folder) | {"DEMO": "1", "PUBLIC_BASE_URL": demo.address},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = LINK.search(done.stdout)
    assert found, done.stdout
    return found[1]


def newest_link(demo: Demo, address: str) -> str:
    """The link in the e-mail to this address, once the worker has written it."""
    folder = demo.folder / "mail"

    def texts() -> list[str]:
        files = sorted(folder.glob("*.log")) if folder.exists() else []
        return [t for t in (f.read_text() for f in files) if f"To: {address}" in t]

    wait_until(lambda: bool(texts()), 60, f"an e-mail to {address}")
    found = LINK.search(texts()[-1])
    assert found, texts()[-1]
    return found[1]


def set_password(person: Person, name: str) -> None:
    page = person.page
    page.locator("[name=name]").fill(name)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.keyboard.press("Enter")


def set_up_app(person: Person) -> str:
    """Set up an authenticator app by keyboard; the secret it was given."""
    page = person.page
    page.locator("a[href$='/app/add/']").focus()
    page.keyboard.press("Enter")
    secret = page.locator("code.secret").inner_text()
    person.look(f"set-up-app-{person.context.pages[0].locator('html').get_attribute('lang')}")
    page.locator("[name=code]").fill(totp(secret))
    page.keyboard.press("Enter")
    expect(page.locator("#recovery_codes")).to_be_visible()
    return secret


def ask_and_read(employer: Person, demo: Demo) -> None:
    """The first question: by the code that somebody texted for, until its answer is read."""
    phone = phones(demo.address)[YAN.number]
    page = employer.page
    page.get_by_role("link", name="Ask a person").click()
    page.locator("[name=code]").fill(hears(phone, "SHARE", r"[2-9A-Z]{5}-[2-9A-Z]{5}"))
    page.get_by_label("Was the phone in any of these places?").check()
    page.locator("[name=find]").fill("Thailand")
    page.locator("[name=places]").first.check()
    page.locator("[name=reference]").fill("shift A 17")
    employer.press("See what they will read")
    expect(page.locator("blockquote").first).to_contain_text("海港工程 Harbour Works asks if")
    employer.look("ask-preview")
    shown = page.locator("blockquote").first.inner_text()
    before = newest(phone)
    employer.press("Send")
    notice = heard(phone, before, r"Reply NO (\d{6})")
    assert re.sub(r"\d{6}", "000000", notice[0]) == shown
    phone.send(f"OK {notice[1]}")
    state = page.locator("h1 .state")

    def is_answered() -> bool:
        page.reload()
        return state.inner_text() == "answered"

    wait_until(is_answered, 60, "the answer")
    page.get_by_role("link", name="Read the answer").click()
    expect(page.locator(".said")).to_have_text("YES")
    employer.look("answer")


def newest(phone: Phone) -> int:
    return max((text.id for text in phone.texts()), default=0)


def heard(phone: Phone, after: int, pattern: str) -> tuple[str, str]:
    """The first text after another that has this in it, and what the pattern found."""
    found: list[tuple[str, str]] = []

    def comes() -> bool:
        for text in phone.texts(after):
            match = re.search(pattern, text.body) if text.incoming else None
            if match:
                found.append((text.body, match[match.lastindex or 0]))
        return bool(found)

    wait_until(comes, 60, f"a text with {pattern}")
    return found[0]


def hears(phone: Phone, body: str, pattern: str) -> str:
    """Text something; what the answer has of the pattern."""
    return heard(phone, phone.send(body), pattern)[1]


def test_from_the_first_operator_to_an_employers_key(demo: Demo, browser: Browser) -> None:
    operator, employer = Person(browser, demo), Person(browser, demo, "zh-CN")

    operator.go(command(demo, "create_operator", "olu@service.example"))
    operator.look("set-up")
    set_password(operator, "Olu")
    expect(operator.page).to_have_url(re.compile("/second-factor/set-up/$"))
    operator.look("second-factor")
    secret = set_up_app(operator)
    operator.look("recovery-codes")
    operator.page.locator("#codes_saved").check()
    operator.page.get_by_role("link", name="Continue").click()
    expect(operator.page).to_have_url(re.compile("/operations/organisations/$"))

    employer.go("/employers/")
    employer.look("welcome-zh")
    employer.go("/employers/apply/")
    page = employer.page
    page.locator("[name=name]").fill("evil.example")
    page.locator("[name=legal_id]").fill("91310000MA1K35U01X")
    page.locator("[name=contact_name]").fill("王")
    page.locator("[name=contact_email]").fill("wang@employer.example")
    page.get_by_label("返岗").check()
    employer.press("提交申请")
    expect(page.locator(".error")).to_have_text("名称不能像一个链接。")
    employer.look("apply-zh-error")
    page.locator("[name=name]").fill("海港工程 Harbour Works")
    employer.press("提交申请")
    expect(page.locator("h1")).to_have_text("您的申请已收到")

    operator.go("/operations/organisations/")
    operator.look("operations")
    operator.page.get_by_role("link", name="海港工程 Harbour Works").click()
    operator.look("operations-one")
    operator.press("Approve and invite the contact")
    expect(operator.page.locator(".state")).to_have_text("approved")

    employer.go(newest_link(demo, "wang@employer.example"))
    employer.look("invitation-zh")
    set_password(employer, "王")
    set_up_app(employer)
    page.locator("#codes_saved").check()
    employer.go("/employers/")
    expect(page.locator("h1")).to_have_text("海港工程 Harbour Works")
    employer.look("organisation-zh")
    employer.press("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="Members").click()
    page.locator("[name=email]").fill("li@employer.example")
    employer.press("Send the invitation")
    expect(page.locator(".messages")).to_contain_text("on its way")
    employer.look("members")
    page.get_by_role("link", name="API keys").click()
    page.locator("[name=name]").fill("Back office")
    page.get_by_label("Read answers (answers:read)").check()
    employer.press("Make the key")
    assert re.fullmatch(r"tc_test_[0-9a-f]{8}_[0-9a-f]{64}", page.locator("#key").inner_text())
    employer.look("key-made")
    page.get_by_role("link", name="I have copied it").click()
    employer.look("keys")
    ask_and_read(employer, demo)

    operator.go("/operations/organisations/")
    operator.page.get_by_role("link", name="海港工程 Harbour Works").click()
    operator.press("Suspend at once")
    expect(operator.page.locator(".state")).to_have_text("suspended")
    page.reload()
    expect(page).to_have_url(re.compile("/account/login/"))
    employer.look("log-in")

    operator.press("Log out")
    expect(operator.page).to_have_url(re.compile("/account/login/$"))
    operator.page.locator("[name=login]").fill("olu@service.example")
    operator.page.locator("[name=password]").fill(PASSWORD)
    operator.page.keyboard.press("Enter")
    expect(operator.page).to_have_url(re.compile("/second-factor/authenticate/$"))
    operator.look("authenticate")
    operator.page.locator("[name=code]").fill(totp(secret, step=1))
    operator.page.keyboard.press("Enter")
    expect(operator.page).to_have_url(re.compile("/operations/organisations/$"))


def test_a_passkey_as_the_second_factor(demo: Demo, browser: Browser) -> None:
    auditor = Person(browser, demo)
    devices = auditor.context.new_cdp_session(auditor.page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    auditor.go(command(demo, "create_auditor", "ana@service.example"))
    set_password(auditor, "Ana")
    auditor.page.locator("a[href$='/keys/add/']").click()
    auditor.look("add-passkey")
    auditor.page.locator("#mfa_webauthn_add").click()
    expect(auditor.page.locator("#recovery_codes")).to_be_visible()
    auditor.page.locator("#codes_saved").check()
    auditor.go("/account/second-factor/keys/")
    auditor.look("passkeys")
    auditor.go("/account/second-factor/")
    auditor.look("second-factor-index")

    auditor.context.clear_cookies()
    auditor.go("/account/login/")
    auditor.page.locator("[name=login]").fill("ana@service.example")
    auditor.page.locator("[name=password]").fill(PASSWORD)
    auditor.page.keyboard.press("Enter")
    auditor.page.locator("#mfa_webauthn_authenticate").click()
    expect(auditor.page).to_have_url(re.compile("/oversight/$"))
    look_at_the_log(auditor)
    auditor.go("/account/second-factor/")
    expect(auditor.page).to_have_url(re.compile("/account/second-factor/$"))


def look_at_the_log(auditor: Person) -> None:
    """The auditors' process, which the log-in has led to; another process checks the proof."""
    page = auditor.page
    auditor.look("oversight-entries")
    page.locator("[name=event]").select_option("staff.added")
    auditor.press("Show")
    page.locator("td a").first.click()
    expect(page.locator("h1")).to_have_text("staff.added")
    auditor.press("Check it in this browser")
    expect(page.locator("#verdict")).to_contain_text("are in the tree")
    auditor.look("oversight-entry")
    page.evaluate("document.getElementById('verdict').dataset.body = btoa('{}')")
    auditor.press("Check it in this browser")
    expect(page.locator("#verdict")).to_contain_text("do not lead to")
    for name in ("State of the log", "Patterns", "Reviews", "Pseudonyms"):
        page.get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(name)
        auditor.look(f"oversight-{name.lower().replace(' ', '-')}")
    page.get_by_role("link", name="Reviews").click()
    auditor.press("Draw a sample")
    expect(page.locator(".list li").first).to_be_visible()
    auditor.look("oversight-sample")
    page.get_by_role("link", name="Entries").click()
    auditor.press("Export these")
    expect(page.get_by_role("link", name="Fetch the file")).to_be_visible()
    auditor.look("oversight-export")
    auditor.press("中文")
    expect(page.locator("h1")).to_have_text("导出")
