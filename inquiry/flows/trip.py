"""TRIP, OK and NO: asking about oneself, agreeing, refusing."""

from uuid import UUID

from django.conf import settings

from consent import codes, selectors, services
from consent.gate import Claim
from core import dispatch
from inquiry import intents, memory
from inquiry.askers import asker
from inquiry.flows import identity
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
    """With a live consent the answer, else the notice; where it is asked for, only to who knows the
    end of the holder's ID."""
    if settings.ID_CHECK and not identity.is_shown(turn, intent.id_last4):
        return
    answer_or_ask(turn)
    if settings.ID_CHECK:
        memory.forget_wrong_ids(turn.tenure)  # last: consents are locked before conversations


def answer_or_ask(turn: PersonTurn) -> None:
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
        dispatch.on_commit(
            "inquiry.tasks.answer", str(claim.release_id), countdown=dispatch.NEXT_CHECKPOINT
        )
        return True
    if claim.reason == NO_DATA:
        turn.reply("answer.no_data")
        return True
    return claim.reason in ANOTHER_HOLDER


def refuse(turn: PersonTurn, intent: intents.Refuse) -> None:
    """NO: refusing needs no code, and then refuses all that is open; after an OK with the same code
    it takes the OK back, and the answer if it was handed over."""
    if intent.code is None:
        refuse_open(turn)
        return
    answer = services.refuse(inbound=turn.inbound, code=intent.code)
    if answer.outcome == "refused" and answer.consent_id is not None:
        tell_refused(turn, [answer.consent_id])
    elif answer.outcome == "already" and withdraw(turn.inbound, answer.consent_id):
        turn.reply("refuse.withdrawn")
    elif answer.outcome == "wrong_code":
        turn.reply("refuse.wrong_code")
    elif answer.outcome == "too_many":
        turn.reply("grant.too_many")
    elif not take_back(turn, intent.code):
        turn.reply("refuse.none_open")


def refuse_open(turn: PersonTurn) -> None:
    """End every open question. To ask which one was meant would leave it open meanwhile, and who
    wanted only one gone can be asked again."""
    open_ones = list(selectors.open_questions(turn.tenure.id).values_list("id", flat=True))
    ended = [one for one in open_ones if withdraw(turn.inbound, one)]
    if ended:
        tell_refused(turn, ended)
    else:
        turn.reply("refuse.none_open")


def tell_refused(turn: PersonTurn, ended: list[UUID]) -> None:
    """Say whose question was refused."""
    consents = [selectors.get(one) for one in ended]
    askers = [consent.org_ref for consent in consents if consent and consent.org_ref]
    if not askers:
        turn.reply("refuse.done")
    elif len(ended) == 1:
        turn.reply("refuse.asker", who=asker(turn.locale, askers[0]))
    else:
        turn.reply("refuse.several", n=len(ended))


def take_back(turn: PersonTurn, code: str) -> bool:
    """Whether the code was that of an answer which an organisation has by now."""
    digest = codes.digest(turn.inbound.number_index, code)
    consent = selectors.handed_over_with(tenure_id=turn.tenure.id, code_digest=digest)
    if (
        consent is None
        or services.withdraw(inbound=turn.inbound, consent_id=consent.id) != "recalled"
    ):
        return False
    turn.reply("refuse.recalled", who=asker(turn.locale, consent.org_ref))
    return True


def withdraw(inbound: Inbound, consent_id: UUID | None) -> bool:
    if consent_id is None:
        return False
    return services.withdraw(inbound=inbound, consent_id=consent_id) in ("withdrawn", "ended")
