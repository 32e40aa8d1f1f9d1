"""What a person sees and ends of their own: LIST, DROP, LOG, MORE, LANG."""

from zoneinfo import ZoneInfo

from audit.services import record
from consent import selectors, services
from consent.selectors import Access
from core import catalogue, clock
from core.models import Installation
from inquiry import intents, memory
from inquiry.turn import ANSWER, PersonTurn
from inquiry.words import languages
from subscribers.services import set_language

MOST_LISTED = 9
MOST_LOGGED = 5
RESULTS = {
    "waiting": "log.open",
    "released": "log.answered",
    "delivered": "log.delivered",
    "denied": "log.refused",
}


def list_consents(turn: PersonTurn, intent: intents.ListConsents) -> None:
    consents = list(selectors.live_consents(turn.tenure.id)[:MOST_LISTED])
    memory.keep_list(turn.tenure, [consent.id for consent in consents])
    if not consents:
        turn.reply("list.none")
        return
    zone = service_zone()
    lines = [catalogue.render(turn.locale, "list.head")]
    for number, consent in enumerate(consents, 1):
        assert consent.valid_until is not None  # granted: the database holds it
        until = catalogue.format_day(turn.locale, clock.local_day(consent.valid_until, zone))
        what = catalogue.render(turn.locale, "list.self")
        lines.append(catalogue.render(turn.locale, "list.line", n=number, what=what, day=until))
    lines.append(catalogue.render(turn.locale, "list.foot"))
    turn.say("\n".join(lines))


def drop(turn: PersonTurn, intent: intents.Drop) -> None:
    if intent.number is None:
        turn.reply("drop.no_number")
        return
    consents = memory.listed(turn.tenure)
    if consents is None:
        turn.reply("drop.no_list")
    elif not 1 <= intent.number <= len(consents):
        turn.reply("drop.not_listed", n=intent.number)
    else:
        chosen = consents[intent.number - 1]
        outcome = services.withdraw(inbound=turn.inbound, consent_id=chosen)
        turn.reply("drop.done" if outcome == "withdrawn" else "drop.over", n=intent.number)


def show_log(turn: PersonTurn, intent: intents.ShowLog) -> None:
    """Who looked. Looking here is an entry too, and the reply waits until it is signed."""
    accesses = selectors.accesses(turn.tenure.subject_ref, MOST_LOGGED)
    entry = record(event="subject.viewed_log", by="person", subject_ref=turn.tenure.subject_ref)
    if not accesses:
        turn.say(catalogue.render(turn.locale, "log.none"), after_entry=entry)
        return
    lines = [log_line(turn.locale, access, service_zone()) for access in accesses]
    head = catalogue.render(turn.locale, "log.head")
    turn.say("\n".join([head, *lines]), after_entry=entry)


def log_line(locale: str, access: Access, zone: ZoneInfo) -> str:
    at = access.at.astimezone(zone)
    return catalogue.render(
        locale,
        "log.line",
        when=f"{catalogue.format_day(locale, at.date())} {at:%H:%M}",
        who=catalogue.render(locale, "log.who_self"),
        what=catalogue.render(locale, "log.what_self"),
        result=catalogue.render(locale, RESULTS[access.result]),
    )


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


def service_zone() -> ZoneInfo:
    return ZoneInfo(Installation.objects.get().time_zone)
