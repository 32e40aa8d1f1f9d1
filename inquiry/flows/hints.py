"""Texts that change nothing: HELP, hints, and words that do not work yet."""

from core.models import Installation
from inquiry import intents
from inquiry.turn import Turn
from inquiry.words import languages, word
from sms_gateway import kinds
from sms_gateway.services import set_aside


def help_all(turn: Turn, intent: intents.Help) -> None:
    turn.reply(
        "help.all",
        kind=kinds.HELP,
        days=Installation.objects.get().window_days,
        languages=languages(turn.locale),
    )


def bare_code(turn: Turn, intent: intents.BareCode) -> None:
    turn.reply("grant.bare_code")


def no_code(turn: Turn, intent: intents.GrantWithoutCode) -> None:
    turn.reply("grant.no_code")


def yes(turn: Turn, intent: intents.Yes) -> None:
    turn.reply("grant.yes")


def empty(turn: Turn, intent: intents.Empty) -> None:
    turn.reply("other.empty")


def unknown(turn: Turn, intent: intents.Unknown) -> None:
    if intent.near is None:
        set_aside(inbound_id=turn.inbound.id)
        turn.reply("other.hint")
    else:
        turn.reply("other.did_you_mean", word=word(turn.locale, intent.near))
