"""What a person allows and forbids beforehand: SHARE, BLOCK, UNBLOCK, PAUSE, and START after it."""

from uuid import UUID

from consent import selectors, services
from consent.services import choices
from core import catalogue, clock
from inquiry import intents, memory
from inquiry.askers import Askers, asker
from inquiry.flows.moments import moment, service_zone
from inquiry.memory import Numbers
from inquiry.pages import fits
from inquiry.turn import PersonTurn, Turn
from subscribers import selectors as subscribers


def share(turn: PersonTurn, intent: intents.Share) -> None:
    """A code that lets one organisation put one question."""
    try:
        code, until = choices.share(inbound=turn.inbound, tenure=turn.tenure)
    except choices.TooManyCodesError:
        turn.reply("share.too_many", n=choices.MOST_CODES)
        return
    turn.reply("share.code", code=code, when=moment(turn.locale, until, service_zone()))


def block(turn: PersonTurn, intent: intents.Block) -> None:
    """No more questions of an organisation; those that are open are refused."""
    if intent.number is None:
        show_blocked(turn)
        return
    askers = memory.numbers(turn.tenure, Numbers.ASKERS)
    if askers is None:
        turn.reply("block.no_list")
        return
    if not 1 <= intent.number <= len(askers):
        turn.reply("block.not_listed", n=intent.number)
        return
    chosen = askers[intent.number - 1]
    if chosen is None:
        turn.reply("block.nobody", n=intent.number)
        return
    org_ref = UUID(chosen)
    who = asker(turn.locale, org_ref)
    if not choices.block(tenure=turn.tenure, org_ref=org_ref):
        turn.reply("block.already", who=who)
        return
    for question in selectors.open_questions(turn.tenure.id).filter(org_ref=org_ref):
        services.withdraw(inbound=turn.inbound, consent_id=question.id)
    turn.reply("block.done", who=who)


def show_blocked(turn: PersonTurn) -> None:
    found = [one.org_ref for one in selectors.blocked(turn.tenure.id)]
    askers = Askers(turn.locale, found)
    head, foot = (catalogue.render(turn.locale, f"block.{part}") for part in ("head", "foot"))
    lines = [
        catalogue.render(turn.locale, "block.line", n=n, who=askers.name(ref))
        for n, ref in enumerate(found, 1)
    ]
    while not fits(text := "\n".join([head, *lines, foot])):
        lines.pop()
    memory.keep_numbers(turn.tenure, Numbers.BLOCKED, [str(ref) for ref in found[: len(lines)]])
    if found:
        turn.say(text)
    else:
        turn.reply("block.none")


def unblock(turn: PersonTurn, intent: intents.Unblock) -> None:
    """An organisation may ask again."""
    blocked = memory.numbers(turn.tenure, Numbers.BLOCKED)
    if intent.number is None or blocked is None:
        turn.reply("unblock.no_list")
        return
    chosen = blocked[intent.number - 1] if 1 <= intent.number <= len(blocked) else None
    if chosen is None:
        turn.reply("unblock.not_listed", n=intent.number)
        return
    org_ref = UUID(chosen)
    key = "unblock.done" if choices.unblock(tenure=turn.tenure, org_ref=org_ref) else "unblock.over"
    turn.reply(key, who=asker(turn.locale, org_ref))


def pause(turn: PersonTurn, intent: intents.Pause) -> None:
    """No organisation's questions for 30 days from now, however often it is said."""
    until = choices.pause(tenure=turn.tenure)
    day = catalogue.format_day(turn.locale, clock.local_day(until, service_zone()))
    turn.reply("pause.done", day=day)


def resume(turn: Turn) -> bool:
    """START when nothing was stopped ends a pause, if there is one."""
    holder = subscribers.current(turn.inbound.number_index)
    return holder is not None and choices.resume(tenure=holder)
