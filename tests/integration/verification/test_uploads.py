"""Asking many people by a file: each row once, whatever dies in between."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from consent.models import Request
from tests.factories import portal
from tests.integration.verification.conftest import Employer
from tests.integration.verification.test_portal import FILLED, visible
from verification.models import Upload, UploadRow
from verification.services import requests, uploads
from verification.services.requests import Asker

AsRole = Callable[[str], AbstractContextManager[None]]
QUESTION = {name: FILLED[name] for name in ("purpose", "question", "places", "days", "kept_days")}


def csv(people: int, extra: str = "") -> SimpleUploadedFile:
    lines = [f"+86139000{n:05},no {n}" for n in range(people)]
    text = "\n".join(["number,reference", *lines, extra])
    return SimpleUploadedFile("people.csv", text.encode(), "text/csv")


def upload(employer: Employer, people: int, extra: str = "") -> Upload:
    page = employer.browser.post(
        f"{employer.home}uploads/", QUESTION | {"step": "preview", "file": csv(people, extra)}
    )
    assert page.status_code == 302, visible(page)
    return Upload.objects.latest("made_at")


def step(employer: Employer, one: Upload) -> str:
    """What the page does by itself until nothing waits."""
    page = employer.browser.post(
        f"{employer.home}uploads/{one.id}/send/", headers={"HX-Request": "true"}
    )
    assert page.status_code == 200
    return visible(page)


def test_a_file_becomes_requests_a_few_at_a_time(
    employer: Employer, superuser: psycopg.Connection
) -> None:
    one = upload(employer, 60, "12,bad\n+8613900000000,again")
    page = employer.browser.get(f"{employer.home}uploads/{one.id}/")
    assert "60 of 62 lines can be sent" in visible(page)
    assert "62 No mobile number with country code. 63 Stands in the file twice." in visible(page)
    assert not Request.objects.only("id").exists()
    assert "50" not in step(employer, one).partition("lines done")[2]
    assert Request.objects.only("id").count() == uploads.AT_ONCE
    assert "Done: 60 requests sent, 2 lines not sent." in step(employer, one)
    step(employer, one)
    assert Request.objects.only("id").count() == 60
    assert portal.events(superuser) == ["organisation.asked"] * 60
    assert not UploadRow.objects.filter(sealed__isnull=False).exists()
    references = {r.reference for r in Request.objects.only("reference")}
    assert references == {f"no {n}" for n in range(60)}


def test_a_process_that_dies_asks_nobody_twice_and_forgets_nobody(
    employer: Employer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = upload(employer, 5)
    real, calls = requests.ask, []

    def dies(**given: Any) -> Any:
        calls.append(1)
        made = real(**given)
        if len(calls) == 3:
            raise SystemExit  # after the request was stored, before the row was marked
        return made

    monkeypatch.setattr("verification.services.uploads.ask", dies)
    with pytest.raises(SystemExit):
        uploads.send(by=Asker.member(employer.owner), upload_id=one.id)
    connection.close()
    assert uploads.progress(one) == uploads.Progress(total=5, waiting=3, asked=2, refused=0)
    assert "Done: 5 requests sent, 0 lines" in step(employer, one)
    assert Request.objects.only("id").count() == 5


def test_over_a_cap_the_rest_is_not_sent_and_says_so(
    employer: Employer, superuser: psycopg.Connection
) -> None:
    superuser.execute("UPDATE organisations_organisation SET requests_per_day = 3")
    one = upload(employer, 5)
    page = visible(employer.browser.get(f"{employer.home}uploads/{one.id}/"))
    assert "may send 3 more now. The other 2 will not be sent" in page
    assert "Done: 3 requests sent, 2 lines not sent." in step(employer, one)
    assert set(UploadRow.objects.values_list("problem", flat=True)) == {"", "over_per_day"}


def test_without_scripts_a_button_goes_on(employer: Employer) -> None:
    one = upload(employer, 60)
    page = employer.browser.post(f"{employer.home}uploads/{one.id}/send/", follow=True)
    assert "50 of 60 lines done" in visible(page)
    assert "Go on" in visible(page)


def test_numbers_need_the_permission(employer: Employer, superuser: psycopg.Connection) -> None:
    superuser.execute("UPDATE organisations_organisation SET may_ask_by_number = false")
    one = upload(employer, 2)
    page = visible(employer.browser.get(f"{employer.home}uploads/{one.id}/"))
    assert "0 of 2 lines can be sent" in page
    assert "may not ask by number" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": ""}, "Choose a file"),
        ({"places": []}, "Choose 1 to 8 places"),
        ({"question": "itinerary", "places": []}, "whole list for this purpose"),
        ({"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04\0\0")}, "no text file"),
        ({"file": SimpleUploadedFile("a.csv", b"number\n" + b"1" * 3_000_000)}, "Choose a file"),
    ],
)
def test_what_is_not_right_stores_nothing(
    employer: Employer, change: dict[str, Any], said: str
) -> None:
    sent = QUESTION | {"step": "preview", "file": csv(1)} | change
    assert said in visible(employer.browser.post(f"{employer.home}uploads/", sent))
    assert not Upload.objects.exists()


def test_what_nobody_sends_is_blanked_and_later_gone(
    employer: Employer, superuser: psycopg.Connection, as_role: AsRole
) -> None:
    one = upload(employer, 2)
    superuser.execute("UPDATE verification_upload SET made_at = made_at - interval '3 hours'")
    with as_role("worker"):
        assert uploads.forget() == 2
        assert uploads.forget() == 0
    assert "Waited longer" in visible(employer.browser.get(f"{employer.home}uploads/{one.id}/"))
    superuser.execute("UPDATE verification_upload SET made_at = made_at - interval '91 days'")
    with as_role("worker"):
        uploads.forget()
    assert not Upload.objects.exists()


def test_rows_are_sealed(employer: Employer, superuser: psycopg.Connection) -> None:
    upload(employer, 1)
    row = superuser.execute("SELECT sealed FROM verification_uploadrow").fetchone()
    assert row is not None
    assert b"139" not in row[0]
