from collections.abc import Callable
from datetime import timedelta
from functools import cached_property

from django.conf import settings
from twilio.rest import Client

from sms_gateway.messages import OutboundText
from sms_gateway.providers import Accepted, Capabilities, Failure, Receipt
from sms_gateway.providers.twilio import errors
from sms_gateway.providers.twilio.account import Account, account
from sms_gateway.providers.twilio.client import client

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
RECEIPTS = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.DELIVERED,
    "undelivered": Receipt.UNDELIVERED,
    "failed": Receipt.FAILED,
    "canceled": Receipt.FAILED,
}
CLOCK_DIFFERENCE = timedelta(minutes=2)
RECENT_TEXTS = 100


class TwilioProvider:
    """Our reference travels in the status callback's address: Twilio has no field for it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            handles_keywords=settings.TWILIO_HANDLES_KEYWORDS,
            stuck_after=timedelta(seconds=30),
            keeps_words=True,
        )

    @cached_property
    def client(self) -> Client:
        return client(self.account)

    @property
    def account(self) -> Account:
        return account(self.name)

    def send(self, text: OutboundText) -> Accepted:
        service = self.account.service_sid
        sender = {"messaging_service_sid": service} if service else {"from_": self.account.number}
        message = self.client.messages.create(
            to=text.to,
            **sender,
            body=text.body,
            status_callback=f"{settings.PUBLIC_BASE_URL}/sms/twilio/status?ref={text.ref}",
        )
        return Accepted(str(message.sid))

    def find(self, text: OutboundText, is_taken: Callable[[str], bool]) -> Accepted | None:
        """A text is the one we mean when it went to the number after we queued ours, says the same,
        and is not another row's."""
        service, number = self.account.service_sid, self.account.number
        sender = {} if service else {"from_": number}
        for message in self.client.messages.list(
            to=text.to, **sender, limit=RECENT_TEXTS, page_size=RECENT_TEXTS
        ):
            if service and message.messaging_service_sid != service:
                continue
            since_then = message.date_created >= text.since - CLOCK_DIFFERENCE
            if since_then and message.body == text.body and not is_taken(str(message.sid)):
                return Accepted(str(message.sid))
        return None

    def redact(self, provider_message_id: str, *, has_media: bool = False) -> None:
        """Twilio keeps a text's row, without its words and pictures."""
        message = self.client.messages(provider_message_id)
        message.update(body="")
        for picture in message.media.list() if has_media else ():
            picture.delete()

    def classify(self, error: Exception) -> Failure:
        return errors.classify(error)

    def receipt(self, status: str) -> Receipt | None:
        return RECEIPTS.get(status)

    def failure(self, error_code: str) -> Failure:
        return errors.of_report(error_code)
