"""TRIP, OK and NO: asking about oneself, agreeing, refusing."""

from uuid import UUID

from consent import selectors, services
from consent.gate import Claim
from inquiry import dispatch, intents
from inquiry.turn import NOTICE, PersonTurn
from sms_gateway.messages import Inbound

CODE_MINUTES = 30
#: Why there is nothing that could ever be told about this number.
NO_DATA = "no_subscription"
#: The number has changed hands, or may have: nothing of this tenure is for who holds it now.
ANOTHER_HOLDER = frozenset({"tenure_ended", "stale_subscriptions"})
#: What `gate.grant` and `gate.refuse` say of a code that is not the one they wait for.
REFUSED_CODES = {
    "wrong_code": "grant.wrong_code",
    "too_many": "grant.too_many",
    "none_open": "grant.none_open",
    "already": "grant.already",
}


def ask(turn: PersonTurn, intent: intents.Trip) -> None:
    """With a live consent the answer, else the notice."""
    consent = selectors.own_consent(turn.tenure.id)
    if consent is not None:
        claim = services.claim(inbound=turn.inbound, consent_id=consent.id)
        if tell_claim(turn, claim):
            return
    asked = services.ask(inbound=turn.inbound, tenure=turn.tenure, locale=turn.locale)
    # A text handled twice has its first notice already; the gateway sends one per text.
    turn.say(asked.text, kind=NOTICE, hold_ref=asked.consent_id, after_entry=asked.entry_id)


def agree(turn: PersonTurn, intent: intents.Grant) -> None:
    """OK with a code: the consent and the claim for its first answer, in one transaction."""
    answer = services.grant(inbound=turn.inbound, tenure=turn.tenure)
    if answer.outcome == "granted" and answer.consent_id is not None:
        claim = services.claim(inbound=turn.inbound, consent_id=answer.consent_id)
        if not tell_claim(turn, claim):
            turn.reply("answer.too_late")
    elif answer.outcome == "expired":
        turn.reply("grant.expired", minutes=CODE_MINUTES)
    else:
        turn.reply(REFUSED_CODES[answer.outcome])


def tell_claim(turn: PersonTurn, claim: Claim) -> bool:
    """Whether a claim is answered: by the answer that is now on its way, by "no data", or by
    nothing at all because the number is somebody else's by now."""
    if claim.release_id is not None and claim.outcome == "claimed":
        dispatch.on_commit("answer", str(claim.release_id))
        return True
    if claim.reason == NO_DATA:
        turn.reply("answer.no_data")
        return True
    return claim.reason in ANOTHER_HOLDER


def refuse(turn: PersonTurn, intent: intents.Refuse) -> None:
    """NO: refusing needs no code; after an OK with the same code it takes the OK back."""
    if intent.code is None:
        turn.reply("refuse.done" if refuse_open(turn) else "refuse.none_open")
        return
    answer = services.refuse(inbound=turn.inbound, code=intent.code)
    if answer.outcome == "refused":
        turn.reply("refuse.done")
    elif answer.outcome == "already" and withdraw(turn.inbound, answer.consent_id):
        turn.reply("refuse.withdrawn")
    elif answer.outcome == "wrong_code":
        turn.reply("refuse.wrong_code")
    elif answer.outcome == "too_many":
        turn.reply("grant.too_many")
    else:
        turn.reply("refuse.none_open")


def refuse_open(turn: PersonTurn) -> bool:
    """End the person's open question about themself, if there is one."""
    question = selectors.open_request(turn.tenure.id)
    return question is not None and withdraw(turn.inbound, question.id)


def withdraw(inbound: Inbound, consent_id: UUID | None) -> bool:
    if consent_id is None:
        return False
    return services.withdraw(inbound=inbound, consent_id=consent_id) in ("withdrawn", "ended")
