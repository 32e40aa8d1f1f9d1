"""Texts and their one reply: what `docs/conversation.md` lists and the tests hold."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import catalogue

if TYPE_CHECKING:
    from tests.integration.inquiry.talk import Service

OURS, LANDLINE = "+8613900000001", "+861062345678"
SEGMENT = "word " * 31  # 155 characters of GSM-7


def nothing(service: Service) -> None:
    """The first text of a number."""


def asked(service: Service) -> None:
    service.say(OURS, "TRIP")


def agreed(service: Service) -> None:
    service.agree(OURS)


def stopped(service: Service) -> None:
    service.say(OURS, "STOP")


def paused(service: Service) -> None:
    service.say(OURS, "PAUSE")


@dataclass(frozen=True)
class Case:
    """After `before`, `sent` gets the catalogue's text `key`, or nothing when it is None.

    `what` is how the page calls it; `shown` how it shows the text when that is not the text itself.
    """

    what: str
    sent: str
    key: str | None
    before: Callable[[Service], None] = nothing
    sender: str = OURS
    to: str = "10086"
    problem: str = ""
    shown: str = ""


CASES = (
    Case("asking", "TRIP", "notice.self"),
    Case("agreeing, number without subscription", "OK <code>", "answer.no_data", asked),
    Case("asking again, number without subscription", "TRIP", "answer.no_data", agreed),
    Case("a yes", "YES", "grant.yes", asked),
    Case("a code without OK", "482913", "grant.bare_code", asked),
    Case("a code in other words", "my code is 482913", "grant.bare_code", asked),
    Case("an OK that is in doubt", "OK 482913?", "grant.bare_code", asked),
    Case("OK without code", "OK", "grant.no_code", asked),
    Case("OK with five digits", "OK 48291", "grant.no_code", asked),
    Case("a wrong code, or another number's", "OK <other code>", "grant.wrong_code", asked),
    Case("a code when nothing is open", "OK 482913", "grant.none_open"),
    Case("the same code again", "OK <code>", "grant.already", agreed),
    Case("refusing", "NO <code>", "refuse.done", asked),
    Case("refusing without the code", "NO", "refuse.done", asked),
    Case("refusing when nothing is open", "NO", "refuse.none_open"),
    Case("refusing with a wrong code", "NO <other code>", "refuse.wrong_code", asked),
    Case("taking the OK back", "NO <code>", "refuse.withdrawn", agreed),
    Case("more, and there is none", "MORE", "answer.nothing_more"),
    Case("the list, and it is empty", "LIST", "list.none"),
    Case("dropping without a list", "DROP 1", "drop.no_list"),
    Case("dropping without a number", "DROP", "drop.no_number"),
    Case("the log, and it is empty", "LOG", "log.none"),
    Case("another language", "LANG en", "lang.done"),
    Case("a language that we do not speak", "LANG xx", "lang.which"),
    Case("erasing", "ERASE", "erase.ask"),
    Case("erasing with a code that is not open", "ERASE 482913", "erase.none_open"),
    Case("help", "HELP", "help.all"),
    Case("stop", "STOP", "stop.done"),
    Case("any word after STOP", "STOP it please", "stop.done"),
    Case("STOP and a number", "STOP 2", "stop.done"),
    Case("a carrier's word for stop", "UNSUBSCRIBE", "stop.done"),
    Case("stop in another language", "退订", "stop.done", asked),
    Case("STOP again", "STOP", None, stopped),
    Case("anything after STOP", "TRIP", None, stopped),
    Case("help after STOP", "HELP", "help.all", stopped),
    Case("coming back", "START", "start.done", stopped),
    Case("START without STOP", "START", "start.running"),
    Case("a word that is nearly one", "tirp", "other.did_you_mean"),
    Case("stop inside a text", "please do stop", "other.did_you_mean"),
    Case("a code for an organisation", "SHARE", "share.code"),
    Case("one line of the log, without having seen it", "LOG 2", "log.no_list"),
    Case("blocking without having seen a list", "BLOCK 1", "block.no_list"),
    Case("whom one has blocked: nobody", "BLOCK", "block.none"),
    Case("unblocking without a list", "UNBLOCK 1", "unblock.no_list"),
    Case("no questions for a while", "PAUSE", "pause.done"),
    Case("ending the pause", "START", "start.resumed", paused),
    Case("a reference that is not ours", "CHECK 3F2A9C10", "check.none"),
    Case("checking without a reference", "CHECK", "check.no_reference"),
    Case("a wrong visit, and there is no answer", "WRONG 1", "dispute.none"),
    Case("words that say nothing to us", "Where was I?", "other.hint"),
    Case("an emoji", "👍", "other.hint"),
    Case("a text of 10 segments", SEGMENT * 9 + "word", "other.hint", shown="(1,399 characters)"),
    Case("a longer text", SEGMENT * 10, "other.too_long", shown="(1,550 characters)"),
    Case("an empty text", "", "other.empty", shown="(nothing)"),
    Case("white space and invisible characters", " \u200b\n", "other.empty", shown="(unseen)"),
    Case("an unreadable encoding", "TR\ufffdP", "other.unreadable", shown="TR�P"),
    Case("a picture", "", "other.media", problem="media", shown="(a picture)"),
    Case("a landline", "TRIP", "other.landline", sender=LANDLINE),
    Case("STOP from a landline", "STOP", "stop.done", sender=LANDLINE),
    Case("a sender that is a name", "TRIP", None, sender="BigBank"),
    Case("a text to a wrong number", "TRIP", "other.wrong_number", to="10087"),
    Case("STOP to a wrong number", "STOP", "stop.done", to="10087"),
)


def says(text: str, key: str, locale: str = "en") -> bool:
    """Whether a text is the catalogue's text `key`, whatever its placeholders hold."""
    pattern = ""
    for literal, name, _, _ in string.Formatter().parse(catalogue.language(locale).texts[key]):
        pattern += re.escape(literal) + (".+?" if name else "")
    return re.fullmatch(pattern, text, re.DOTALL) is not None
