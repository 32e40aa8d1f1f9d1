"""The entrance: every text that came in passes `handle_text` once, in one transaction."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction

from core import catalogue
from inquiry import intents, limits
from inquiry.flows import check, choices, ending, hints, looks, own, trip, wrong
from inquiry.intents import Intent
from inquiry.parse import parse, shown_locale
from inquiry.turn import PersonTurn, Turn
from sms_gateway.messages import Inbound
from sms_gateway.models import Problem
from sms_gateway.selectors import is_opted_out
from subscribers import selectors as subscribers
from subscribers.models import Tenure
from subscribers.services import identify, set_language
from verification.services import answering

#: Senders that cannot be answered, or must not be.
SILENT = frozenset({Problem.ALPHANUMERIC, Problem.NO_NUMBER})
#: Texts that are not read as commands, and what is said to them.
PROBLEM_TEXTS = {
    Problem.EMPTY: "other.empty",
    Problem.UNREADABLE: "other.unreadable",
    Problem.TOO_LONG: "other.too_long",
    Problem.MEDIA: "other.media",
    Problem.WRONG_NUMBER: "other.wrong_number",
    Problem.LANDLINE: "other.landline",
}
#: Flows that need to know nothing about the sender but their language.
ANYBODY: dict[type, Callable[[Turn, Any], None]] = {
    intents.BareCode: hints.bare_code,
    intents.Empty: hints.empty,
    intents.GrantWithoutCode: hints.no_code,
    intents.Help: hints.help_all,
    intents.Start: ending.start,
    intents.Unknown: hints.unknown,
    intents.Yes: hints.yes,
}
#: Flows for the present holder of the number.
PERSON: dict[type, Callable[[PersonTurn, Any], None]] = {
    intents.Block: choices.block,
    intents.Check: check.check,
    intents.ChooseLanguage: own.choose_language,
    intents.Drop: own.drop,
    intents.Erase: ending.erase,
    intents.Grant: trip.agree,
    intents.ListConsents: own.list_consents,
    intents.More: own.more,
    intents.Pause: choices.pause,
    intents.Refuse: trip.refuse,
    intents.Share: choices.share,
    intents.ShowLog: looks.show_log,
    intents.Trip: trip.ask,
    intents.Unblock: choices.unblock,
    intents.Wrong: wrong.wrong,
}
#: What a number may still do when the feed names two holders for it: end things, tell nobody.
WHILE_CONTESTED = (intents.ChooseLanguage, intents.Drop, intents.Erase, intents.Refuse)
#: What may end a consent whose answer lies with an organisation, or is on its way there.
TAKING_BACK = (intents.Block, intents.Drop, intents.Refuse)
#: What is still answered after STOP.
AFTER_STOP = (intents.Start, intents.Help)


@transaction.atomic
def handle_text(inbound: Inbound) -> None:
    """Act on one text and queue its one reply, or none: `docs/conversation.md` lists them all.

    Called by the gateway (`settings.SMS_INBOUND_HANDLER`). Whatever raises here undoes all of it,
    and the gateway tries the text again later.
    """
    if inbound.problem in SILENT:
        return
    intent = parse(inbound.text)
    if isinstance(intent, intents.Stop):
        # STOP comes before everything: other problems of the text, limits, who sent it.
        if ending.stop(inbound):
            ending.confirm_stop(Turn(inbound, language_of(inbound)))
        return
    is_answered_after_stop = not inbound.problem and isinstance(intent, AFTER_STOP)
    if not is_answered_after_stop and is_opted_out(number_index=inbound.number_index):
        return
    refusal = limits.refusal(inbound.number_index, None if inbound.problem else intent)
    if refusal is not None:
        if refusal:
            Turn(inbound, language_of(inbound)).reply(refusal)
    elif inbound.problem:
        answer_problem(Turn(inbound, language_of(inbound)))
    else:
        act(inbound, intent)


def act(inbound: Inbound, intent: Intent) -> None:
    """Do what a readable text asks for."""
    if subscribers.has_changed_hands(inbound.number_index, since=inbound.received_at):
        return  # its sender has the number no more, and nothing of theirs is for the next holder
    flow = PERSON.get(type(intent))
    if flow is not None:
        tenure = identify(inbound=inbound)
        locale = remembered_language(tenure, inbound)
        if not subscribers.is_contested(tenure):
            flow(PersonTurn(inbound, locale, tenure), intent)
        elif isinstance(intent, WHILE_CONTESTED):
            flow(PersonTurn(inbound, locale, tenure, is_contested=True), intent)
        else:
            Turn(inbound, locale).reply("other.contested")
        if isinstance(intent, TAKING_BACK):
            answering.recall(number_index=inbound.number_index)
        return
    holder = subscribers.current(inbound.number_index)
    locale = remembered_language(holder, inbound) if holder else language_of(inbound)
    ANYBODY[type(intent)](Turn(inbound, locale), intent)


def remembered_language(tenure: Tenure, inbound: Inbound) -> str:
    """The language of this holder of the number; the first text that shows one decides it."""
    if not tenure.language and (shown := shown_locale(inbound.text)):
        set_language(tenure_id=tenure.id, language=shown)
        tenure.language = shown
    return tenure.language or catalogue.FIRST


def answer_problem(turn: Turn) -> None:
    """Say what is wrong with a text that is not read as a command."""
    values = {}
    if turn.inbound.problem == Problem.WRONG_NUMBER:
        values["number"] = str(settings.SMS_NUMBER)
    turn.reply(PROBLEM_TEXTS[Problem(turn.inbound.problem)], **values)


def language_of(inbound: Inbound) -> str:
    """The language to answer in, without remembering it."""
    holder = subscribers.current(inbound.number_index)
    return (holder.language if holder else "") or shown_locale(inbound.text) or catalogue.FIRST
