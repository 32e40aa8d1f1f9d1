"""WRONG: a visit of the last answer is said to be wrong."""

from consent import selectors
from core import catalogue
from disputes import services
from disputes.services import Told
from inquiry import intents, memory
from inquiry.pages import paginate
from inquiry.places import cities_of, place_name
from inquiry.turn import ANSWER, NOTICE, PersonTurn


def wrong(turn: PersonTurn, intent: intents.Wrong) -> None:
    """The visits with their numbers; with a number, the notice that asks for a look at that one."""
    told = services.last_told(turn.tenure)
    if told is None or not _stands(turn, told):
        turn.reply("dispute.none")
    elif intent.number is None:
        show(turn, told)
    elif not 1 <= intent.number <= len(told.visits):
        turn.reply("dispute.not_listed", n=intent.number)
    else:
        ask(turn, told, intent.number)


def ask(turn: PersonTurn, told: Told, number: int) -> None:
    visit = told.visits[number - 1]
    place = place_name(visit.place, cities_of([visit]), turn.locale)
    asked = services.ask(
        inbound=turn.inbound, tenure=turn.tenure, locale=turn.locale, visit=visit, place=place
    )
    if asked.outcome == "asked":
        turn.say(asked.text, kind=NOTICE, hold_ref=asked.consent_id, after_entry=asked.entry_id)
    else:
        turn.reply(f"dispute.{asked.outcome}")


def show(turn: PersonTurn, told: Told) -> None:
    """What was told an hour ago at most may be told again, as MORE does."""
    cities = cities_of(told.visits)
    lines = [
        catalogue.render(
            turn.locale,
            "dispute.list_line",
            n=number,
            visit=place_name(visit.place, cities, turn.locale),
            days=catalogue.format_days(turn.locale, visit.first_day, visit.last_day),
        )
        for number, visit in enumerate(told.visits, 1)
    ]
    head = catalogue.render(turn.locale, "dispute.list_head")
    pages = paginate(
        lines,
        head=head,
        tail=[catalogue.render(turn.locale, "dispute.list_foot")],
        next_head=head,
        more=catalogue.render(turn.locale, "answer.more"),
    )
    if len(pages) > 1:
        memory.keep_rest(turn.tenure, memory.Rest(pages[1:], told.consent_id, told.entry_id))
    turn.say(pages[0], kind=ANSWER, hold_ref=told.consent_id, after_entry=told.entry_id)


def _stands(turn: PersonTurn, told: Told) -> bool:
    return selectors.live_consents(turn.tenure.id).filter(id=told.consent_id).exists()
