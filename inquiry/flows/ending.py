"""STOP, START and ERASE: ending everything, coming back, leaving nothing behind."""

from consent import codes, services
from consent.services.choices import withdraw_codes
from core import catalogue
from inquiry import intents, memory
from inquiry.flows import choices
from inquiry.flows.moments import service_zone
from inquiry.turn import CODE, PersonTurn, Turn
from sms_gateway import kinds
from sms_gateway.messages import Inbound
from sms_gateway.selectors import is_opted_out
from sms_gateway.services import forget, opt_in, opt_out
from verification.services import answering

ERASE_MINUTES = memory.ERASE_CODE_LIFE.seconds // 60


def stop(inbound: Inbound) -> bool:
    """End every consent and every text to this number.

    False when there is nothing to confirm: it had been stopped before, or a START that came after
    this text was handled before it.

    Needs neither the sender's tenure nor their language: nothing here can be kept waiting by
    somebody who loads subscriptions.
    """
    services.withdraw_all(inbound=inbound)
    answering.recall(number_index=inbound.number_index)
    withdraw_codes(number_index=inbound.number_index)
    return opt_out(number_index=inbound.number_index, word="STOP", inbound_id=inbound.id)


def confirm_stop(turn: Turn) -> None:
    turn.reply("stop.done", kind=kinds.STOP)


def start(turn: Turn, intent: intents.Start) -> None:
    """Texts go again, unless a STOP that came after this text was handled before it; when nothing
    was stopped, a PAUSE ends."""
    number = turn.inbound.number_index
    if opt_in(number_index=number, inbound_id=turn.inbound.id, provider=turn.inbound.provider):
        turn.reply("start.done", kind=kinds.START)
    elif not is_opted_out(number_index=number):
        key = "start.resumed" if choices.resume(turn) else "start.running"
        turn.reply(key, kind=kinds.START)


def erase(turn: PersonTurn, intent: intents.Erase) -> None:
    """ERASE brings a code, ERASE with the code erases; later, while a legal hold keeps it."""
    number = turn.inbound.number_index
    if intent.code is None:
        code = codes.new_code()
        memory.open_erasure(turn.tenure, number, code)
        turn.reply("erase.ask", kind=CODE, code=code, minutes=ERASE_MINUTES)
        return
    outcome = memory.check_erasure(turn.tenure, number, intent.code)
    if outcome != "right":
        turn.reply(f"erase.{outcome}")
        return
    erased = services.erase(inbound=turn.inbound, tenure=turn.tenure)
    answering.recall_all_of(tenure_id=turn.tenure.id)
    memory.forget(turn.tenure)
    if erased.kept_until:
        until = erased.kept_until.astimezone(service_zone()).date()
        day = catalogue.format_day(turn.locale, until)
        turn.reply("erase.kept", day=day, year=until.year)
        return
    forget(number_index=number)
    # The person's key is gone. This last text is sealed under a new one of the number, which
    # opens nothing else; text and address go with the gateway's usual clearing.
    Turn(turn.inbound, turn.locale).reply("erase.done", kind=kinds.ERASED)
