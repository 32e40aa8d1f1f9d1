"""CHECK: whether a reference is ours and about this very number, and what stands behind it."""

from audit.proof import same_code
from audit.selectors import receipt_code
from consent import references, selectors
from consent.looks import looks
from consent.models import Consent
from core import catalogue
from inquiry import intents
from inquiry.askers import Askers, asker, question
from inquiry.flows.looks import in_short
from inquiry.flows.moments import moment, service_zone
from inquiry.turn import PersonTurn
from verification.models import Answer
from verification.selectors import answers_named, said_by

#: So many looks are compared with a receipt code.
MOST_COMPARED = 100


def check(turn: PersonTurn, intent: intents.Check) -> None:
    """A reference that is another number's is told like one that nobody has."""
    if not intent.reference:
        turn.reply("check.no_reference")
        return
    for find in (own_answer, askers_answer, receipt):
        if found := find(turn, intent.reference):
            turn.say(found)
            return
    turn.reply("check.none", reference=intent.reference)


def own_answer(turn: PersonTurn, reference: str) -> str | None:
    for first, last in references.spans(reference):
        answered = selectors.release_named(turn.tenure.id, first, last)
        if answered is not None and answered.consent.org_ref is None:
            when = moment(turn.locale, answered.at, service_zone())
            return catalogue.render(turn.locale, "check.own", reference=reference, when=when)
    return None


def askers_answer(turn: PersonTurn, reference: str) -> str | None:
    for first, last in references.spans(reference):
        for answer in answers_named(first, last):
            consent = selectors.get(answer.consent_id)
            if consent is not None and consent.tenure_id == turn.tenure.id:
                return about(turn.locale, answer, consent, reference)
    return None


def receipt(turn: PersonTurn, code: str) -> str | None:
    """The line of the log that a receipt code stands for, among the latest of this person."""
    if len(code) != references.RECEIPT_LENGTH:
        return None
    for look in looks(turn.tenure.subject_ref, MOST_COMPARED):
        if same_code(code, receipt_code(look.entry_id)):
            told = in_short(turn.locale, look, Askers(turn.locale, [look.org_ref]), service_zone())
            return catalogue.render(turn.locale, "check.receipt", reference=code, look=told)
    return None


def about(locale: str, answer: Answer, consent: Consent, reference: str) -> str:
    """Who got an answer, to what, what it said if that is still kept, and whether it stands."""
    assert answer.handed_over_at is not None  # `answers_named` gives no others
    when = moment(locale, answer.handed_over_at, service_zone())
    lines = [
        catalogue.render(
            locale,
            "check.asker",
            reference=reference,
            who=asker(locale, consent.org_ref),
            when=when,
            question=question(locale, consent.question),
        )
    ]
    said = said_by(answer)
    if answer.withdrawn_at is not None or consent.recalled_at is not None:
        lines.append(catalogue.render(locale, "check.taken_back"))
    elif said is None:
        lines.append(catalogue.render(locale, "check.deleted"))
    else:
        lines.append(catalogue.render(locale, f"check.said_{said.answer.lower()}"))
    return "\n".join(lines)
