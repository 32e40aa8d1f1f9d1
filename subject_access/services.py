"""Opening a person's own page: a number, a code, and what the worker seals for one browser."""

import secrets
from datetime import timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from audit.selectors import checkpointed
from audit.services import record_purge
from core import catalogue, clock, dispatch
from core.keys import derive
from core.numbers import number_index
from core.sealing import UnsealError, seal, unseal
from sms_gateway.messages import Address
from sms_gateway.selectors import is_opted_out
from sms_gateway.services import queue
from subject_access import codes, gate, record
from subject_access.browser import Browser, seal_for
from subject_access.gate import Found
from subject_access.models import Opening
from subscribers import selectors as subscribers
from subscribers.models import Tenure

#: The kind of text that carries a code; its life is in settings.SMS_LIVES.
CODE = "page_code"
CODE_MINUTES = 10
#: So many codes a number gets. Who types the number makes them come, so they are few.
IN_AN_HOUR, IN_A_DAY = 3, 6
#: How long a row stays after its page has closed: codes of a day are counted in them.
KEPT = timedelta(days=1)
LIFE = timedelta(minutes=15)


class Progress(Enum):
    WAIT = auto()  # for the log's checkpoint
    DONE = auto()


# ---------------------------------------------------------------------- the web process


@transaction.atomic
def ask(*, number: str, language: str) -> Browser:
    """A number (E.164) was typed. Nobody is looked up: the worker does, and nothing shows of it.

    Returns what the browser keeps; every number gives it a new secret.
    """
    browser, opening_id = Browser.new(), uuid4()
    gate.ask(
        opening_id=opening_id,
        public_key=browser.public_key,
        number_index=number_index(number),
        number_sealed=seal(derive("own-page-number"), number.encode(), opening_id.bytes),
        language=language,
    )
    dispatch.on_commit("subject_access.tasks.consider", str(opening_id))
    return browser


def try_code(*, browser: Browser, digits: str) -> bool:
    """Whether these digits open the page of this browser; if so, it is being prepared."""
    found = gate.read(public_key=browser.public_key)
    if found.opening_id is None or found.state != "asked":
        return False
    with transaction.atomic():
        digest = codes.digest(found.opening_id, digits)
        opened = gate.try_code(public_key=browser.public_key, code_digest=digest)
        if opened:
            dispatch.on_commit("subject_access.tasks.prepare", str(found.opening_id))
    return opened


def read(*, browser: Browser) -> tuple[Found, dict[str, Any] | None]:
    """How far it is, and what the page shows once it is open."""
    found = gate.read(public_key=browser.public_key)
    return found, browser.unseal(found.sealed) if found.sealed else None


@transaction.atomic
def export(*, browser: Browser) -> dict[str, Any] | None:
    """What the person takes away, once the entry that says so is written; None without a page."""
    _, content = read(browser=browser)
    return content if content and gate.export(public_key=browser.public_key) else None


@transaction.atomic
def close(*, browser: Browser) -> None:
    """The page is gone, for whoever sits down at this browser next."""
    gate.close(public_key=browser.public_key)


# ---------------------------------------------------------------------- the worker


@transaction.atomic
def consider(*, opening_id: UUID) -> None:
    """Send a code to the holder of the number, or nothing. Any number of calls do it once.

    Whether there is one to send to shows in no column that the web process reads, and the row gets
    a digest either way.
    """
    opening = (
        Opening.objects.select_for_update()
        .filter(id=opening_id, considered_at=None, ended_at=None)
        .first()
    )
    if opening is None:
        return
    tenure, number, code = _to_text(opening), _number(opening), codes.new_code()
    opening.code_digest = secrets.token_bytes(32)
    if tenure is not None and number is not None:
        digits = codes.read(code)
        assert digits is not None
        opening.tenure_id, opening.code_digest = tenure.id, codes.digest(opening.id, digits)
        _text(opening, tenure, number, code)
    opening.considered_at, opening.number_sealed = clock.now(), None
    opening.save(update_fields=["considered_at", "number_sealed", "code_digest", "tenure_id"])


def _to_text(opening: Opening) -> Tenure | None:
    """Who is sent a code: the one known holder, unless they said STOP or had enough of them."""
    index = bytes(opening.number_index)
    tenure = subscribers.current(index)
    if tenure is None or subscribers.is_contested(tenure) or is_opted_out(number_index=index):
        return None
    before = Opening.objects.filter(number_index=index, asked_at__lt=opening.asked_at)
    hour, day = (
        before.filter(asked_at__gt=opening.asked_at - timedelta(hours=hours)).count()
        for hours in (1, 24)
    )
    return tenure if hour < IN_AN_HOUR and day < IN_A_DAY else None


def _number(opening: Opening) -> str | None:
    """Where the code goes; None when nobody can tell. That it is the number whose page the code
    opens, the gateway sees to (`Address.is_reachable`)."""
    assert opening.number_sealed is not None  # it is there until the opening was considered
    try:
        sealed = bytes(opening.number_sealed)
        return unseal(derive("own-page-number"), sealed, opening.id.bytes).decode()
    except UnsealError:
        return None


def _text(opening: Opening, tenure: Tenure, number: str, code: str) -> None:
    spoken = tenure.language or opening.language
    locale = spoken if spoken in catalogue.locales() else catalogue.FIRST
    body = catalogue.render(locale, "page.code", page_code=code, minutes=CODE_MINUTES)
    queue(
        to=Address(number, bytes(opening.number_index)),
        body=body,
        kind=CODE,
        cause=f"page:{opening.id}",
        hold_ref=tenure.id,
        expires_at=opening.code_until,
    )


def prepare(*, opening_id: UUID, may_wait: bool = True) -> Progress:
    """Seal the record for the browser that opened the page, once the entry of that is in the log
    for good. With `may_wait` other new entries are waited for too, until each has its proof.

    Any number of calls do it once. Nothing is kept of it when the page was closed meanwhile.
    """
    opening = Opening.objects.filter(id=opening_id, ended_at=None, sealed=None).first()
    if opening is None or opening.tenure_id is None or opening.entry_id is None:
        return Progress.DONE
    tenure = subscribers.get(opening.tenure_id)
    if tenure is None:
        return Progress.DONE
    if not checkpointed(opening.entry_id):
        return Progress.WAIT
    content = record.of(tenure)
    if may_wait and any(entry["proof"] is None for entry in content["entries"]):
        return Progress.WAIT
    sealed = seal_for(bytes(opening.public_key), content)
    Opening.objects.filter(id=opening_id, ended_at=None, sealed=None).update(sealed=sealed)
    return Progress.DONE


def waiting() -> tuple[list[UUID], list[UUID]]:
    """Openings whose task was lost: not considered, and not prepared; while it is worth it."""
    now = clock.now()
    asked = Opening.objects.filter(considered_at=None, ended_at=None, code_until__gt=now)
    opened = Opening.objects.filter(sealed=None, ended_at=None, opened_at__gt=now - LIFE)
    return (
        list(asked.values_list("id", flat=True)),
        list(opened.values_list("id", flat=True)),
    )


@transaction.atomic
def forget() -> int:
    """Delete what was sealed for pages that have closed, and the rows of yesterday."""
    now = clock.now()
    over = Opening.objects.filter(ended_at=None, opened_at__lt=now - LIFE)
    over.update(sealed=None, number_sealed=None, code_digest=None, ended_at=now)
    never = Opening.objects.filter(ended_at=None, opened_at=None, code_until__lt=now)
    never.update(sealed=None, number_sealed=None, code_digest=None, ended_at=now)
    gone = Opening.objects.filter(asked_at__lt=now - KEPT).delete()[0]
    return record_purge(kind="personal_data", rows=gone)
