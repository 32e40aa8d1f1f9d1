"""What Twilio publishes about messages, as far as we use it: the facts of its OpenAPI description
(github.com/twilio/twilio-oai, spec/json/twilio_api_v2010.json, read at commit 00c8d36), written
down here by hand. It describes requests and good answers; errors it does not describe, so those of
the fake are held to what the client library parses (`code`, `message`, `status`)."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")

# The form that creates a message:
CREATE_REQUIRED = {"To"}
CREATE_ONE_OF = [{"From", "MessagingServiceSid"}, {"Body", "MediaUrl", "ContentSid"}]
CREATE_KNOWN = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "MediaUrl"}
LONGEST_BODY = 1600

# The form that changes one (UpdateMessage), as Twilio's library, made from it, sends it:
UPDATE_KNOWN = {"Body", "Status"}

# The pictures of a message, listed (ListMedia) and deleted one by one (DeleteMedia, 204):
MEDIA_SID = re.compile(r"ME[0-9a-fA-F]{32}")
MEDIA_MEMBERS = {
    "account_sid": str,
    "content_type": str,
    "date_created": str,
    "date_updated": str,
    "parent_sid": str,
    "sid": str,
    "uri": str,
}

# The query that lists messages:
LIST_KNOWN = {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"}
LARGEST_PAGE = 1000
PAGE_MEMBERS = {
    "messages": list,
    "end": int,
    "first_page_uri": str,
    "next_page_uri": str | None,
    "page": int,
    "page_size": int,
    "previous_page_uri": str | None,
    "start": int,
    "uri": str,
}

STATUSES = {
    "queued",
    "sending",
    "sent",
    "failed",
    "delivered",
    "undelivered",
    "receiving",
    "received",
    "accepted",
    "scheduled",
    "read",
    "partially_delivered",
    "canceled",
}
DIRECTIONS = {"inbound", "outbound-api", "outbound-call", "outbound-reply"}

# Every member of a message may be null.
MESSAGE_MEMBERS = {
    "account_sid": str,
    "api_version": str,
    "body": str,
    "date_created": str,
    "date_sent": str,
    "date_updated": str,
    "direction": str,
    "error_code": int,
    "error_message": str,
    "from": str,
    "messaging_service_sid": str,
    "num_media": str,
    "num_segments": str,
    "price": str,
    "price_unit": str,
    "sid": str,
    "status": str,
    "subresource_uris": dict,
    "to": str,
    "uri": str,
}
MESSAGE_DATES = ("date_created", "date_sent", "date_updated")


def check_create(form: dict[str, str]) -> None:
    """A request to send is as described."""
    assert set(form) >= CREATE_REQUIRED
    assert set(form) <= CREATE_KNOWN
    for group in CREATE_ONE_OF:
        assert group & set(form)
    assert len(form.get("Body", "")) <= LONGEST_BODY


def check_list(query: dict[str, str]) -> None:
    """A request to list is as described."""
    assert set(query) <= LIST_KNOWN
    assert 1 <= int(query.get("PageSize", "50")) <= LARGEST_PAGE


def check_message(message: dict[str, object]) -> None:
    """A message resource is as described."""
    assert set(message) == set(MESSAGE_MEMBERS)
    for name, kind in MESSAGE_MEMBERS.items():
        assert message[name] is None or isinstance(message[name], kind), name
    assert ACCOUNT_SID.fullmatch(str(message["account_sid"]))
    assert MESSAGE_SID.fullmatch(str(message["sid"]))
    assert message["status"] in STATUSES
    assert message["direction"] in DIRECTIONS
    if message["messaging_service_sid"] is not None:
        assert SERVICE_SID.fullmatch(str(message["messaging_service_sid"]))
    for name in MESSAGE_DATES:
        moment = message[name]
        assert moment is None or isinstance(parsedate_to_datetime(str(moment)), datetime)


def check_page(page: dict[str, object], of: str = "messages") -> None:
    """A page of messages, or of something else, is as described."""
    members = {of if name == "messages" else name: kind for name, kind in PAGE_MEMBERS.items()}
    assert set(page) == set(members)
    for name, kind in members.items():
        assert isinstance(page[name], kind), name


def check_picture(picture: dict[str, object]) -> None:
    """A media resource is as described."""
    assert set(picture) == set(MEDIA_MEMBERS)
    for name, kind in MEDIA_MEMBERS.items():
        assert isinstance(picture[name], kind), name
    assert MEDIA_SID.fullmatch(str(picture["sid"]))
    assert MESSAGE_SID.fullmatch(str(picture["parent_sid"]))
