"""The end of the holder's ID, where an operator asks for it: `TRIP 1234`, with ID_CHECK=1.

It keeps out who has the phone and not the papers. What the person texts is compared with a keyed
hash and kept nowhere; three failures hold the number for a day.
"""

from audit.services import record
from inquiry import memory
from inquiry.flows.moments import moment, service_zone
from inquiry.turn import PersonTurn
from subscribers import ids
from subscribers.models import Tenure


def is_shown(turn: PersonTurn, id_last4: str) -> bool:
    """Whether the text shows it. If not, the reply says what is missing."""
    held_until = memory.held_until(turn.tenure)
    if held_until is not None:
        turn.reply("trip.held", when=moment(turn.locale, held_until, service_zone()))
    elif turn.tenure.id_digest is None:
        turn.reply("trip.id_unknown")
    elif not id_last4:
        turn.reply("trip.id_needed")
    elif ids.fits(turn.tenure, id_last4):
        return True
    else:
        tell_wrong(turn, turn.tenure)
    return False


def tell_wrong(turn: PersonTurn, tenure: Tenure) -> None:
    until = memory.note_wrong_id(tenure)
    if until is None:
        turn.reply("trip.id_wrong")
        return
    record(
        event="subject.held",
        by="person",
        subject_ref=tenure.subject_ref,
        fields={"channel": "sms", "attempts": memory.ID_ATTEMPTS},
    )
    turn.reply("trip.held", when=moment(turn.locale, until, service_zone()))
