"""LOG: who looked at what is held of this number, or tried to."""

from zoneinfo import ZoneInfo

from audit.selectors import receipt_code
from audit.services import record
from consent.looks import Look, look_of, looks
from core import catalogue
from disputes.terms import QUESTION as VISIT
from inquiry import intents, memory
from inquiry.askers import Askers, purpose, question
from inquiry.flows.moments import moment, service_zone
from inquiry.memory import Numbers
from inquiry.pages import fits
from inquiry.turn import PersonTurn

MOST_LOGGED = 5
#: Last entry of a look -> what is said of its result.
RESULTS = {
    "access.claimed": "log.open",
    "access.fetched": "log.open",
    "access.released": "log.answered",
    "access.delivered": "log.delivered",
    "access.denied": "log.refused",
    "consent.requested": "log.asked",
    "consent.notice_sent": "log.asked",
    "consent.notice_delivered": "log.asked",
    "consent.granted": "log.open",
    "consent.refused": "log.said_no",
    "consent.expired": "log.no_ok",
    "consent.withdrawn": "log.taken_back",
    "consent.consumed": "log.delivered",
    "consent.recalled": "log.recalled",
    "staff.viewed_subject": "log.saw",
    "dispute.viewed": "log.saw_visit",
    "auditor.resolved": "log.resolved",
    "hold.set": "log.held",
    "hold.lifted": "log.hold_over",
    "auditor.searched": "log.read",
    "auditor.viewed_entry": "log.read",
    "export.made": "log.read",
}
#: Why nothing was given, where that was the person's own doing. Nothing else is told: it would say
#: how often others asked, or what the asker may do.
OWN_DOING = {
    "blocked": "log.blocked",
    "paused": "log.paused",
    "opted_out": "log.stopped",
    "withdrawn": "log.taken_back",
    "stop": "log.stopped",
    "drop": "log.said_no",
    "no": "log.said_no",
}
STAFF = {"operator": "log.who_staff", "staff": "log.who_staff", "auditor": "log.who_auditor"}


def show_log(turn: PersonTurn, intent: intents.ShowLog) -> None:
    """Who looked. Looking here is an entry too, and the reply waits until it is signed."""
    if intent.number is not None:
        show_one(turn, intent.number)
        return
    found = looks(turn.tenure.subject_ref, MOST_LOGGED)
    entry = note_viewed(turn)
    lines = log_lines(turn.locale, found)
    while not fits(text := log_text(turn.locale, lines)):
        lines.pop()
    shown = found[: len(lines)]
    memory.keep_numbers(turn.tenure, Numbers.LOG, [str(look.entry_id) for look in shown])
    memory.keep_numbers(
        turn.tenure, Numbers.ASKERS, [str(look.org_ref) if look.org_ref else None for look in shown]
    )
    if not found:
        text = catalogue.render(turn.locale, "log.none")
    turn.say(text, after_entry=entry)


def show_one(turn: PersonTurn, number: int) -> None:
    """One line in full."""
    entries = memory.numbers(turn.tenure, Numbers.LOG)
    if entries is None:
        turn.reply("log.no_list")
        return
    chosen = entries[number - 1] if 1 <= number <= len(entries) else None
    look = look_of(turn.tenure.subject_ref, int(chosen)) if chosen else None
    if look is None:
        turn.reply("log.not_listed", n=number)
        return
    turn.say(in_full(turn.locale, look), after_entry=note_viewed(turn))


def note_viewed(turn: PersonTurn) -> int:
    return record(
        event="subject.viewed_log",
        by="person",
        subject_ref=turn.tenure.subject_ref,
        fields={"channel": "sms"},
    )


def log_text(locale: str, lines: list[str]) -> str:
    head, foot = (catalogue.render(locale, f"log.{part}") for part in ("head", "foot"))
    return "\n".join([head, *lines, foot])


def log_lines(locale: str, found: list[Look]) -> list[str]:
    askers, zone = Askers(locale, (look.org_ref for look in found)), service_zone()
    return [
        catalogue.render(locale, "log.line", n=n, look=in_short(locale, look, askers, zone))
        for n, look in enumerate(found, 1)
    ]


def in_short(locale: str, look: Look, askers: Askers, zone: ZoneInfo) -> str:
    """When, who, what for, and the result."""
    about = {"when": moment(locale, look.at, zone), "who": who(locale, look, askers)}
    if look.who in STAFF:
        return catalogue.render(locale, "log.staff", result=result(locale, look), **about)
    own = "log.what_visit" if look.question == VISIT else "log.what_self"
    what = purpose(locale, look.purpose) if look.org_ref else catalogue.render(locale, own)
    return catalogue.render(locale, "log.look", what=what, result=result(locale, look), **about)


def in_full(locale: str, look: Look) -> str:
    """The same, with what was asked and the days that were looked at."""
    askers = Askers(locale, [look.org_ref])
    lines = [in_short(locale, look, askers, service_zone())]
    if look.org_ref and look.question:
        lines.append(
            catalogue.render(locale, "log.asked_for", question=question(locale, look.question))
        )
    if look.period and look.question != VISIT:  # which days those were is nobody's but theirs
        period = catalogue.format_days(locale, *look.period)
        lines.append(catalogue.render(locale, "log.days", period=period))
    lines.append(catalogue.render(locale, "log.receipt", code=receipt_code(look.entry_id)))
    return "\n".join(lines)


def who(locale: str, look: Look, askers: Askers) -> str:
    if look.who in STAFF:
        return catalogue.render(locale, STAFF[look.who])
    if look.org_ref is None:
        return catalogue.render(locale, "log.who_self")
    return askers.name(look.org_ref)


def result(locale: str, look: Look) -> str:
    """What came of it."""
    key = RESULTS.get(look.event, "log.refused")
    if look.question == VISIT and look.event == "access.released":
        key = "log.for_operator"
    if look.event in ("access.denied", "consent.refused", "consent.expired"):
        key = OWN_DOING.get(look.reason, key)
    return catalogue.render(locale, key)
