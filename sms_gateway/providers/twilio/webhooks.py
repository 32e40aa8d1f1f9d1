"""Twilio's webhooks: nothing is read before the signature holds; what is read is stored and
answered at once. https://www.twilio.com/docs/usage/webhooks/webhooks-security"""

import logging
import uuid
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from sms_gateway import services
from sms_gateway.models import Problem
from sms_gateway.providers.twilio.account import in_use

log = logging.getLogger(__name__)

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

# What Twilio answers by itself unless told not to, and the button words of its opt-out service.
# https://help.twilio.com/articles/223134027 and .../messaging/tutorials/advanced-opt-out
STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
KEYWORDS = frozenset({*STOP_WORDS, "START", "YES", "UNSTOP", "HELP", "INFO"})
OPT_OUT_TYPES = ("STOP", "START", "HELP")

View = Callable[[HttpRequest], HttpResponse]
SignedView = Callable[[HttpRequest, str], HttpResponse]


def signed(view: SignedView) -> View:
    """Refuse, with 403 and nothing written, what Twilio did not sign for this very address. The
    view is told which of our accounts did.

    The address is PUBLIC_BASE_URL with the request's path and query: what Twilio was told to call,
    whatever host a proxy or an attacker names.
    """

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        signature = request.headers.get("X-Twilio-Signature", "")
        query = request.META.get("QUERY_STRING", "")
        address = settings.PUBLIC_BASE_URL + request.path + (f"?{query}" if query else "")
        for account in in_use() if signature else ():
            for token in account.tokens:
                if RequestValidator(token).validate(address, request.POST, signature):
                    return view(request, account.name)
        log.warning("a webhook without a valid signature was refused")
        return HttpResponse(status=403)

    return guarded


def twiml() -> HttpResponse:
    return HttpResponse(EMPTY_TWIML, content_type="text/xml")


@signed
def inbound(request: HttpRequest, account: str) -> HttpResponse:
    """A text came in. 400 when it has no id, which no text of Twilio's lacks."""
    form = request.POST
    message_id = form.get("MessageSid", "")
    if not message_id:
        return HttpResponse(status=400)
    has_media = form.get("NumMedia", "0") not in ("", "0")
    body = form.get("Body", "")
    # Its Advanced Opt-Out knows words of its customers' that we do not; it says which they mean.
    opted = form.get("OptOutType", "").upper()
    if opted in OPT_OUT_TYPES:
        body = opted
    keyword = body.strip().upper() in KEYWORDS
    services.receive(
        provider=account,
        provider_message_id=message_id,
        sender=form.get("From", ""),
        recipient=form.get("To", ""),
        body=body,
        problem=Problem.MEDIA if has_media else "",
        answered_by_provider=bool(
            keyword and (settings.TWILIO_HANDLES_KEYWORDS or opted in OPT_OUT_TYPES)
        ),
    )
    return twiml()


@signed
def status(request: HttpRequest, account: str) -> HttpResponse:
    """What became of a text. An unknown one is stored too: the send may not have returned yet."""
    form = request.POST
    message_id, message_status = form.get("MessageSid", ""), form.get("MessageStatus", "")
    if not message_id or not message_status:
        return HttpResponse(status=400)
    services.receive_report(
        provider=account,
        provider_message_id=message_id,
        ref=_uuid(request.GET.get("ref", "")),
        status=message_status,
        error_code=form.get("ErrorCode", ""),
    )
    return twiml()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
