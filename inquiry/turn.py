"""One turn of a conversation: a text that came in, who sent it, and the one reply to it."""

import uuid
from dataclasses import dataclass

from consent import notices
from core import catalogue
from sms_gateway.messages import Address, Inbound
from sms_gateway.services import queue
from subscribers.models import Tenure

REPLY, CODE, NOTICE, ANSWER = "reply", "code", notices.KIND, "answer"


@dataclass(frozen=True, slots=True)
class Turn:
    """A text of a sender whose language is known."""

    inbound: Inbound
    locale: str

    def reply(self, key: str, *, kind: str = REPLY, **values: str | int) -> None:
        """Answer with a text of the catalogue."""
        self.say(catalogue.render(self.locale, key, **values), kind=kind)

    def say(
        self,
        body: str,
        *,
        kind: str = REPLY,
        hold_ref: uuid.UUID | None = None,
        after_entry: int | None = None,
    ) -> None:
        """Answer with this text, if nothing cancels `hold_ref` and once `after_entry` is signed."""
        queue(
            to=Address.of_sender(self.inbound),
            body=body,
            kind=kind,
            cause=self.inbound.cause,  # one text per cause: a text has one reply
            hold_ref=hold_ref,
            after_entry=after_entry,
            reply_to=self.inbound.id,
        )


@dataclass(frozen=True, slots=True)
class PersonTurn(Turn):
    """A text of somebody we can act for: the present holder of a number.

    What is said to them hangs on their tenure, unless on a consent: it does not go to whoever
    holds the number next. `is_contested`: nobody can tell who holds it; then only that is said.
    """

    tenure: Tenure
    is_contested: bool = False

    def say(
        self,
        body: str,
        *,
        kind: str = REPLY,
        hold_ref: uuid.UUID | None = None,
        after_entry: int | None = None,
    ) -> None:
        if hold_ref is None and not self.is_contested:
            hold_ref = self.tenure.id
        Turn.say(self, body, kind=kind, hold_ref=hold_ref, after_entry=after_entry)
