"""What a person sees and ends of their own: LIST, DROP, MORE, LANG."""

from uuid import UUID

from consent import selectors, services
from consent.selectors import Standing
from core import catalogue, clock
from disputes.terms import QUESTION as VISIT
from inquiry import intents, memory
from inquiry.askers import Askers, asker, question
from inquiry.flows.moments import service_zone
from inquiry.memory import Numbers
from inquiry.pages import fits
from inquiry.turn import ANSWER, PersonTurn
from inquiry.words import languages
from subscribers.services import set_language

MOST_LISTED = 9


def list_consents(turn: PersonTurn, intent: intents.ListConsents) -> None:
    """Consents in force and answers that askers may still keep, as many as fit."""
    found = selectors.standing(turn.tenure.id)
    if not found:
        turn.reply("list.none")
    lines = list_lines(turn.locale, found[:MOST_LISTED])
    while not fits(text := list_text(turn.locale, lines, len(found) - len(lines))):
        lines.pop()
    shown = [line.consent for line in found[: len(lines)]]
    memory.keep_numbers(turn.tenure, Numbers.CONSENTS, [str(one.id) for one in shown])
    memory.keep_numbers(
        turn.tenure, Numbers.ASKERS, [str(one.org_ref) if one.org_ref else None for one in shown]
    )
    if found:
        turn.say(text)


def list_lines(locale: str, found: list[Standing]) -> list[str]:
    askers = Askers(locale, (line.consent.org_ref for line in found))
    zone = service_zone()
    lines = []
    for number, line in enumerate(found, 1):
        about: dict[str, str | int] = {
            "n": number,
            "day": catalogue.format_day(locale, clock.local_day(line.until, zone)),
        }
        if line.consent.org_ref is None:
            is_visit = line.consent.question == VISIT
            what = catalogue.render(locale, "list.visit" if is_visit else "list.self")
            lines.append(catalogue.render(locale, "list.line", what=what, **about))
            continue
        key = "list.handed" if line.is_handed_over else "list.asked"
        who = askers.name(line.consent.org_ref)
        asked = question(locale, line.consent.question)
        lines.append(catalogue.render(locale, key, who=who, question=asked, **about))
    return lines


def list_text(locale: str, lines: list[str], left: int) -> str:
    unshown = [catalogue.render(locale, "list.unshown", n=left)] if left else []
    head, foot = (catalogue.render(locale, f"list.{part}") for part in ("head", "foot"))
    return "\n".join([head, *lines, *unshown, foot])


def drop(turn: PersonTurn, intent: intents.Drop) -> None:
    """End a consent in force, or take back an answer that was handed over."""
    if intent.number is None:
        turn.reply("drop.no_number")
        return
    consents = memory.numbers(turn.tenure, Numbers.CONSENTS)
    if consents is None:
        turn.reply("drop.no_list")
        return
    chosen = consents[intent.number - 1] if 1 <= intent.number <= len(consents) else None
    if chosen is None:
        turn.reply("drop.not_listed", n=intent.number)
        return
    outcome = services.withdraw(inbound=turn.inbound, consent_id=UUID(chosen))
    if outcome == "recalled":
        consent = selectors.get(UUID(chosen))
        who = asker(turn.locale, consent.org_ref if consent else None)
        turn.reply("drop.recalled", n=intent.number, who=who)
    else:
        turn.reply("drop.done" if outcome == "withdrawn" else "drop.over", n=intent.number)


def more(turn: PersonTurn, intent: intents.More) -> None:
    """The next page, as long as the consent it was released under stands."""
    taken = memory.take_page(turn.tenure)
    if taken is None:
        turn.reply("answer.nothing_more")
        return
    page, rest = taken
    if not selectors.live_consents(turn.tenure.id).filter(id=rest.consent_id).exists():
        turn.reply("answer.nothing_more")
        return
    turn.say(page, kind=ANSWER, hold_ref=rest.consent_id, after_entry=rest.entry_id)


def choose_language(turn: PersonTurn, intent: intents.ChooseLanguage) -> None:
    if intent.locale is None:
        turn.reply("lang.which", languages=languages(turn.locale))
        return
    set_language(tenure_id=turn.tenure.id, language=intent.locale)
    PersonTurn(turn.inbound, intent.locale, turn.tenure).reply("lang.done")
