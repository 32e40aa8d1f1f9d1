"""The record in words, in the reader's language: what the pages list, one row each."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from consent.looks import Look
from core import catalogue
from core.pages import languages, words
from disputes.terms import QUESTION as VISIT
from inquiry.askers import purpose, question
from inquiry.flows.looks import STAFF, result
from inquiry.flows.moments import service_zone
from inquiry.views.home import TEXTS_IN

Record = Mapping[str, Any]
Row = dict[str, Any]

#: The parts of the page, in their order.
PARTS = ("looks", "consents", "answers", "texts", "log", "copy")


def texts_in() -> str:
    """The catalogue of texts that goes with the language of the page."""
    return TEXTS_IN.get(get_language() or "", catalogue.FIRST)


def about(content: Record, closes_at: datetime | None) -> Row:
    """What every part says: since when there are records, and when the page closes."""
    zone = service_zone()
    return {
        "since": moment(content["records_since"], zone),
        "held_since": moment(content["held_since"], zone),
        "closes_at": f"{closes_at.astimezone(zone):%H:%M}" if closes_at else "",
        "zone": zone.key,
    }


def rows(part: str, content: Record) -> list[Row]:
    """The rows of a part, the latest first."""
    makers = {
        "looks": _looks,
        "consents": _consents,
        "answers": _answers,
        "texts": _texts,
        "log": _log,
    }
    return makers[part](content, texts_in(), service_zone()) if part in makers else []


def choices(content: Record) -> Row:
    """Whom they blocked, until when they paused, what codes of theirs are out, who called."""
    found, locale, zone = content["choices"], texts_in(), service_zone()
    return {
        "blocked": [_asker(one, locale) for one in found["blocked"]],
        "paused_until": moment(found["paused_until"], zone),
        "codes": [moment(one["until"], zone) for one in found["sharing_codes"]],
        "calls": [moment(one["at"], zone) for one in found["withdrawals_by_phone"]],
    }


def disputes(content: Record) -> list[Row]:
    locale = texts_in()
    return [
        {
            "days": _days(case["days"]),
            "state": case["state"],
            "due_on": case["due_on"],
            "reason": _known(locale, f"dispute.reason.{case['reason']}"),
        }
        for case in content["disputes"]
    ]


def moment(written: str | None, zone: ZoneInfo) -> str:
    """2026-11-09 12:30, in the service's time zone; empty for none."""
    if written is None:
        return ""
    return f"{datetime.fromisoformat(written).astimezone(zone):%Y-%m-%d %H:%M}"


def _looks(content: Record, locale: str, zone: ZoneInfo) -> list[Row]:
    entries = {entry["entry_uuid"]: entry for entry in content["entries"]}
    return [_look(one, entries[one["entry"]], locale, zone) for one in content["looks"]]


def _look(one: Record, entry: Record, locale: str, zone: ZoneInfo) -> Row:
    look = Look(
        at=datetime.fromisoformat(one["at"]),
        who=one["who"],
        org_ref=UUID(one["org_ref"]) if one["org_ref"] else None,
        event=one["event"],
        reason=one["reason"],
        entry_id=0,
        content=json.loads(entry["body"]),
    )
    if look.who in STAFF:
        who, what = catalogue.render(locale, STAFF[look.who]), ""
    elif look.org_ref:
        who, what = _asker(one, locale), purpose(locale, look.purpose)
    else:
        own = "log.what_visit" if look.question == VISIT else "log.what_self"
        who, what = catalogue.render(locale, "log.who_self"), catalogue.render(locale, own)
    return {
        "at": moment(one["at"], zone),
        "who": who,
        "what": what,
        "result": result(locale, look),
        "question": question(locale, look.question) if look.org_ref and look.question else "",
        "days": _days(one["days"]) if look.question != VISIT else "",
        "receipt": entry["receipt"],
    }


def _consents(content: Record, locale: str, zone: ZoneInfo) -> list[Row]:
    times = ("asked_at", "granted_at", "valid_until", "ended_at", "recalled_at")
    return [
        {
            **{name: moment(one[name], zone) for name in times},
            "who": _asker(one, locale) if one["org_ref"] else "",
            "what": _asked(one, locale),
            "purpose": purpose(locale, one["purpose"]) if one["org_ref"] else "",
            "state": one["state"],
            "notice": one["notice"],
            "language": one["record"]["processing"][0]["notice"]["language"],
        }
        for one in content["consents"]
    ]


def _asked(one: Record, locale: str) -> str:
    if one["org_ref"]:
        return question(locale, one["question"])
    own = "list.visit" if one["question"] == VISIT else "list.self"
    return catalogue.render(locale, own)


def _answers(content: Record, locale: str, zone: ZoneInfo) -> list[Row]:
    times = ("handed_over_at", "taken_back_at", "may_be_kept_until")
    return [
        {
            **{name: moment(one[name], zone) for name in times},
            "who": _asker(one, locale),
            "question": question(locale, one["question"]),
            "said": catalogue.render(
                locale, f"check.said_{one['said'].lower()}" if one["said"] else "check.deleted"
            ),
            "listed": [f"{line['place']}: {', '.join(line['days'])}" for line in one["listed"]],
        }
        for one in content["answers"]
    ]


def _texts(content: Record, locale: str, zone: ZoneInfo) -> list[Row]:
    return [
        {**one, "at": moment(one["at"], zone), "kind": _named("text_kind", one["kind"])}
        for one in content["texts"]
    ]


def _log(content: Record, locale: str, zone: ZoneInfo) -> list[Row]:
    return [
        {
            "at": moment(entry["at"], zone),
            "what": _named("log_event", entry["event"]),
            "receipt": entry["receipt"],
            "is_proved": entry["proof"] is not None,
        }
        for entry in reversed(content["entries"])
    ]


def _asker(one: Record, locale: str) -> str:
    """As registered; an organisation that is not kept any more has no name."""
    return one["asker"] or catalogue.render(locale, "asker.gone")


def _days(found: list[str] | None) -> str:
    return " – ".join(dict.fromkeys(found)) if found else ""


def _named(group: str, code: str) -> str:
    """The words for a code of a list that may have grown; the code itself where there are none."""
    key = f"{group}.{code.replace('.', '_')}"
    return words(key) if key in languages()["en"] else code


def _known(locale: str, key: str) -> str:
    return catalogue.render(locale, key) if key in catalogue.language(locale).texts else ""
