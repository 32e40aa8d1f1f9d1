"""What an employer does on the pages, as the web process serves them."""

import json
import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client

from consent import sharing_codes
from consent.models import Request
from core import clock
from organisations.models import Membership
from tests.factories import portal
from tests.integration.verification.answers import issue
from tests.integration.verification.conftest import Employer
from travel.questions import ItineraryQuestion
from verification.reading import Standing
from verification.selectors import NOT_FOR_ASKERS
from verification.services.issuing import mark, publish_lists
from verification.services.requests import Asker, Question, ask

FILLED = {
    "purpose": "return_to_work",
    "question": "visited_any",
    "places": ["420100", "TH"],
    "days": "14",
    "kept_days": "7",
    "number": "+86 139 0000 0001",
    "code": "",
    "reference": "case 12",
    "nonce": "q83vEjRWeJASNFZ4",
}


def visible(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def asked(employer: Employer, **change: Any) -> Request:
    given: dict[str, Any] = {
        "purpose": "return_to_work", "question": "visited_any", "days": 14, "kept_days": 7,
        "number": "+8613900000001", "cities": ["420100"],
    }  # fmt: skip
    return ask(by=Asker.member(employer.owner), question=Question(**given | change))


def answered(employer: Employer, superuser: psycopg.Connection, as_role: Any, **given: Any) -> Any:
    request = asked(employer)
    with as_role("worker"):
        signed = issue(**given)
        publish_lists()
    portal.hand_over(superuser, request.id, signed.token, signed.id)
    return request, signed


def test_fill_in_read_what_they_will_read_and_send_once(
    employer: Employer, superuser: psycopg.Connection
) -> None:
    page = f"{employer.home}ask/"
    assert "Up to 8 cities" in visible(employer.browser.get(page))
    preview = employer.browser.post(page, FILLED | {"step": "preview"})
    assert "What the person will read" in visible(preview)
    assert (
        "Harbour Works asks if this phone was 4 hours or more in: Thailand; Wuhan, China."
        in visible(preview)
    )
    assert "武汉" in visible(preview)
    assert "OK 000000" in visible(preview)
    assert not Request.objects.only("id").exists()
    hidden = dict(re.findall(r'name="(number|nonce)" value="([^"]*)"', preview.content.decode()))
    assert hidden["number"] == FILLED["number"]
    # Who goes back and names another person does not get the answer of the first.
    assert hidden["nonce"] != FILLED["nonce"]
    for _ in range(2):  # a double click
        sent = employer.browser.post(page, FILLED | hidden | {"step": "send"})
        assert sent.status_code == 302
    stored = Request.objects.defer(*NOT_FOR_ASKERS).get()
    assert stored.places == {"cities": ["420100"], "countries": ["TH"]}
    assert (stored.reference, stored.days, stored.kept_days) == ("case 12", 14, 7)
    assert portal.events(superuser) == ["organisation.asked"]
    followed = employer.browser.get(sent["Location"])
    assert "case 12" in visible(followed)
    assert "139 0000" not in visible(followed)
    assert "13900000001" not in followed.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": ""}, "one of the two"),
        ({"number": "", "code": "K7M2Q-X9TBB"}, "no sharing code"),
        ({"number": "12"}, "no mobile number"),
        ({"places": []}, "Choose 1 to 8 places"),
        ({"places": ["no-such"]}, "not known here"),
        ({"question": "itinerary"}, "Take the ticks away"),
        ({"question": "itinerary", "places": []}, "whole list for this purpose"),
        ({"purpose": "marketing"}, "Select a valid choice"),
        ({"days": "15"}, "less than or equal to 14"),
        ({"kept_days": "365"}, "Select a valid choice"),
        ({"reference": "a\u202eb"}, "cannot be seen"),
    ],
)
def test_what_is_not_right_is_said_before_anything_is_sent(
    employer: Employer, change: dict[str, Any], said: str
) -> None:
    for step in ("preview", "send"):
        page = employer.browser.post(f"{employer.home}ask/", FILLED | change | {"step": step})
        assert said in visible(page)
    assert not Request.objects.only("id").exists()


def test_places_are_found_and_what_was_chosen_stays(employer: Employer) -> None:
    for extra in ({"step": "find"}, {"step": "enter"}):
        page = employer.browser.post(f"{employer.home}ask/", FILLED | {"find": "hang"} | extra)
        text = page.content.decode()
        assert 'value="330100">' in text
        assert 'value="420100" checked' in text
        assert 'role="alert"' not in text
    part = employer.browser.post(
        f"{employer.home}ask/places/", {"find": "泰", "places": ["420100"]}
    ).content.decode()
    assert 'value="TH">' in part
    assert 'value="420100" checked' in part
    assert "<html" not in part


def test_at_the_cap_the_form_says_so(employer: Employer, superuser: psycopg.Connection) -> None:
    superuser.execute("UPDATE organisations_organisation SET requests_per_day = 1")
    asked(employer)
    page = employer.browser.post(f"{employer.home}ask/", FILLED | {"step": "send"})
    assert "within 24 hours" in visible(page)


def test_the_list_goes_on_page_by_page_and_is_searched_by_reference(employer: Employer) -> None:
    for n in range(30):
        asked(employer, number=f"+86139000001{n:02}", reference=f"no {n:02}")
    first = employer.browser.get(f"{employer.home}requests/")
    mark_ = re.search(r'name="after" value="([^"]+)"', first.content.decode())
    assert mark_
    second = employer.browser.post(f"{employer.home}requests/", {"after": mark_[1]})
    seen = [re.findall(r"no \d\d", visible(page)) for page in (first, second)]
    assert [len(page) for page in seen] == [25, 5]
    assert sorted({*seen[0], *seen[1]}) == [f"no {n:02}" for n in range(30)]
    found = employer.browser.post(f"{employer.home}requests/", {"reference": "o 07"})
    assert re.findall(r"no \d\d", visible(found)) == ["no 07"]
    for made_up in ("x", "é", mark_[1][:-9], "a" * 4000):
        assert employer.browser.get(f"{employer.home}requests/?after={made_up}").status_code == 200


def test_a_request_is_cancelled_once(employer: Employer) -> None:
    request = asked(employer)
    for said in ("has been cancelled", "ended before"):
        page = employer.browser.post(f"{employer.home}requests/{request.id}/cancel/", follow=True)
        assert said in visible(page)


def test_the_answer_is_read_and_handed_on(
    employer: Employer, superuser: psycopg.Connection, as_role: Any
) -> None:
    request, signed = answered(employer, superuser, as_role)
    here = f"{employer.home}requests/{request.id}/"
    assert "answered" in visible(employer.viewer.get(here))
    assert "organisation.read_answer" not in portal.events(superuser)
    for browser in (employer.viewer, employer.browser):
        page = visible(browser.get(f"{here}answer/"))
        assert "NO" in page
        assert "Neither withdrawn nor disputed" in page
        assert "ends in 34" in page
        assert "Nothing about health or risk" in page
    assert portal.events(superuser).count("organisation.read_answer") == 1
    assert employer.browser.get(f"{here}answer.txt").content.decode().strip() == signed.token
    file = json.loads(employer.browser.get(f"{here}answer.json").content)
    assert (file["token"], file["claims"]["a"]) == (signed.token, "NO")
    paper = employer.browser.get(f"{here}answer.pdf")
    assert paper.content.startswith(b"%PDF")
    employer.browser.post("/language/", {"language": "zh-hans"})
    paper = employer.browser.get(f"{here}answer.pdf")
    assert b"DroidSansFallback" in paper.content  # embedded: Chinese shows everywhere
    assert employer.browser.get(f"{here}answer.exe").status_code == 404


def test_a_long_itinerary_has_no_code_but_files(
    employer: Employer, superuser: psycopg.Connection, as_role: Any
) -> None:
    request, _ = answered(employer, superuser, as_role, question=ItineraryQuestion(14))
    page = employer.browser.get(f"{employer.home}requests/{request.id}/answer/")
    assert "Hangzhou (330100): 2026-11-09/2026-11-22" in visible(page)


def test_after_a_withdrawal_there_is_nothing_to_read_or_download(
    employer: Employer, superuser: psycopg.Connection, as_role: Any
) -> None:
    request, signed = answered(employer, superuser, as_role)
    portal.withdraw(superuser, request.id)
    here = f"{employer.home}requests/{request.id}/"
    assert "Delete the answer" in visible(employer.browser.get(here))
    page = employer.browser.get(f"{here}answer/")
    assert "delete every copy" in visible(page)
    assert signed.token not in page.content.decode()
    assert "answer.pdf" not in page.content.decode()
    for kind in ("pdf", "json", "txt"):
        assert employer.browser.get(f"{here}answer.{kind}").status_code == 404


@pytest.mark.parametrize(
    ("standing", "said", "files"),
    [(Standing.DISPUTED, "Disputed.", 200), (Standing.CORRECTED, "Corrected.", 404)],
)
def test_what_became_of_an_answer_since(
    employer: Employer,
    superuser: psycopg.Connection,
    as_role: Any,
    standing: Standing,
    said: str,
    files: int,
) -> None:
    request, signed = answered(employer, superuser, as_role)
    with as_role("worker"):
        mark(answers=[signed.id], standing=standing)
        publish_lists()
    here = f"{employer.home}requests/{request.id}/"
    assert said in visible(employer.browser.get(f"{here}answer/"))
    assert employer.browser.get(f"{here}answer.pdf").status_code == files


def test_the_list_as_a_file_runs_nothing_in_a_spreadsheet(employer: Employer) -> None:
    for n, evil in enumerate(["=1+1", "+1", "-1", "@x", " =1", "＝1", 'a",=1']):
        asked(employer, number=f"+861390000010{n}", reference=evil)
    text = employer.browser.get(f"{employer.home}requests/list.csv").content.decode()
    assert text.startswith("\ufeff")
    for kept in ("'=1+1", "'+1", "'-1", "'@x", "' =1", "'＝1", 'a"",=1'):
        assert f'"{kept}"' in text
    assert "1390000" not in text


def test_usage_counts_what_was_sent(
    employer: Employer, superuser: psycopg.Connection, as_role: Any
) -> None:
    answered(employer, superuser, as_role)
    asked(employer)
    page = visible(employer.viewer.get(f"{employer.home}usage/"))
    assert "2 of 100" in page
    assert "1 of 500" in page
    assert f"{clock.now():%Y-%m-%d} 2 1" in page


def test_viewers_read_and_visitors_log_in(employer: Employer) -> None:
    request = asked(employer)
    for path in ("ask/", "uploads/"):
        assert employer.viewer.get(employer.home + path).status_code == 404
        assert employer.viewer.post(employer.home + path, FILLED).status_code == 404
    cancel = f"{employer.home}requests/{request.id}/cancel/"
    assert employer.viewer.post(cancel).status_code == 404
    assert employer.viewer.get(f"{employer.home}requests/{request.id}/").status_code == 200
    for path in ("ask/", "requests/", "uploads/", "usage/"):
        page = Client().get(employer.home + path)
        assert page.status_code == 302
        assert page["Location"].startswith("/account/login/")


def test_a_suspended_organisation_sees_that_page_alone(
    employer: Employer, superuser: psycopg.Connection
) -> None:
    superuser.execute(
        "UPDATE organisations_organisation SET status = 'suspended', suspended_at = core.now()"
    )
    for path in ("ask/", "requests/", "uploads/", "usage/"):
        page = employer.browser.get(employer.home + path)
        assert page.status_code == 403
        assert "may not ask at present" in visible(page)


def test_a_sharing_code_is_asked_without_a_number(employer: Employer) -> None:
    code = sharing_codes.new_code()
    filled = FILLED | {"number": "", "code": code.lower(), "step": "send"}
    assert employer.browser.post(f"{employer.home}ask/", filled).status_code == 302
    stored = Request.objects.defer(*NOT_FOR_ASKERS).get()
    assert stored.asked_by == "code"
    assert stored.closes_at - stored.asked_at >= timedelta(hours=12)


def test_without_the_permission_there_is_no_field_for_a_number(
    employer: Employer, superuser: psycopg.Connection
) -> None:
    superuser.execute("UPDATE organisations_organisation SET may_ask_by_number = false")
    assert Membership.objects.exists()
    page = employer.browser.get(f"{employer.home}ask/").content.decode()
    assert 'name="number"' not in page
    assert 'name="code"' in page
