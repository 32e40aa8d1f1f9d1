"""The phone in the browser, and the same for scripts. All of it is 404 with another provider.

    GET  /sandbox/phones                      {"phones": [{"id", "name", "number", "shown",
                                              "waiting"}]}
    POST /sandbox/texts                       {"number" or "number_id", "body"} -> 201
                                              {"number_id", "text_id"}
    GET  /sandbox/texts?number_id=3&after=17  {"number_id", "texts": [{"id", "incoming", "body",
                                              "at", "encoding", "segments", "delivered"}]}

A POST is JSON (Content-Type: application/json) and comes from any possible number: a phone exists
from its first text. Optional members play what networks do: `message_id` (send the same one twice
for a duplicate), `to` (a wrong destination), `media` (true for a picture). `text_id` is the id of
the text on the phone; texts that answer it have higher ids. Numbers are never part of an address.
Some numbers behave as networks do: see `simulator`.
"""

import hmac
import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import phonenumbers
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import segments
from sms_gateway import services
from sms_gateway.classify import mended
from sms_gateway.models import Problem
from sms_gateway.providers import routes
from sms_gateway.providers.sandbox import mailbox, simulator
from sms_gateway.providers.sandbox.words import SUGGESTIONS, WORDS, language_of

View = Callable[[HttpRequest], HttpResponse]


class BadRequestError(Exception):
    """What is wrong with a request, in words for whoever writes the script."""


def sandbox_only(view: View) -> View:
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if "sandbox" not in routes.names():
            raise Http404
        try:
            return view(request)
        except BadRequestError as error:
            return JsonResponse({"error": str(error)}, status=400)

    return guarded


@require_GET
@sandbox_only
def page(request: HttpRequest) -> HttpResponse:
    language = language_of(request.GET.get("lang", ""), getattr(request, "LANGUAGE_CODE", "en"))
    context = {
        "language": language,
        "other_language": "zh" if language == "en" else "en",
        "words": WORDS[language],
        "write_to": WORDS[language]["write"].format(number=settings.SMS_NUMBER),
        "suggestions": SUGGESTIONS[language],
        "service_number": settings.SMS_NUMBER,
        "data": {
            "words": WORDS[language],
            "language": language,
            "phones": _phones(language),
            "basic": "".join(sorted(segments.GSM_BASIC)),
            "extension": "".join(sorted(segments.GSM_EXTENSION)),
        },
    }
    return render(request, "sandbox/phone.html", context)


@require_GET
@sandbox_only
def phones(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"phones": _phones(language_of(request.GET.get("lang", ""), "en"))})


@csrf_exempt  # a page of another site cannot send JSON here: it would need our leave (CORS)
@require_http_methods(["GET", "POST"])
@sandbox_only
def texts(request: HttpRequest) -> HttpResponse:
    return _send(request) if request.method == "POST" else _fetch(request)


def _phones(language: str) -> list[dict[str, Any]]:
    """The phones of the settings, then those that appeared by texting."""
    known = {
        mailbox.phone_of(phone["number"]): phone[f"label_{language}"]
        for phone in settings.SANDBOX_PHONES
    }
    listed = mailbox.phones(limit=50)
    waiting = mailbox.unread({*known, *listed})
    return [
        {
            "id": phone_id,
            "name": known.get(phone_id) or WORDS[language]["other"],
            "number": (number := mailbox.number_of(phone_id) or ""),
            "shown": _readable(number),
            "waiting": waiting[phone_id],
        }
        for phone_id in [*known, *(i for i in listed if i not in known)]
    ]


def _readable(number: str) -> str:
    """The number in groups, as people write it; what is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _fetch(request: HttpRequest) -> HttpResponse:
    """What the phone has. Fetching is receiving: what was waiting for it is reported as delivered,
    the way a network reports it."""
    phone_id = _whole_number(request.GET.get("number_id", ""), "number_id")
    if mailbox.number_of(phone_id) is None:
        raise BadRequestError("number_id: there is no such phone")
    for ref in mailbox.take_undelivered(phone_id=phone_id):
        services.receive_report(
            provider="sandbox", provider_message_id=str(ref), ref=ref, status="delivered"
        )
    after = _whole_number(request.GET.get("after", "0"), "after")
    found = mailbox.texts(phone_id=phone_id, after=after)
    return JsonResponse({"number_id": phone_id, "texts": [_as_json(text) for text in found]})


def _send(request: HttpRequest) -> HttpResponse:
    if request.content_type != "application/json":
        raise BadRequestError("send JSON, with Content-Type: application/json")
    wanted = _json(request.body)
    body, ref = wanted.get("body"), uuid.uuid4()
    if not isinstance(body, str):
        raise BadRequestError("body: the text, a string")
    number = _sender(wanted)
    phone_id = mailbox.phone_of(number)
    text_id = mailbox.put(ref=ref, number=number, body=mended(body), incoming=False)
    for _ in range(2 if simulator.behaviour(number).arrives_twice else 1):
        services.receive(
            provider="sandbox",
            provider_message_id=str(wanted.get("message_id") or ref),
            sender=number,
            recipient=str(wanted.get("to") or settings.SMS_NUMBER),
            body=body,
            problem=Problem.MEDIA if wanted.get("media") else "",
        )
    return JsonResponse({"number_id": phone_id, "text_id": text_id}, status=201)


@csrf_exempt  # it is the signature that counts
@require_POST
@sandbox_only
def reports(request: HttpRequest) -> HttpResponse:
    """What a simulated network says of a text: {"ref", "status"}, signed. See `simulator`."""
    given = request.headers.get(simulator.SIGNATURE, "")
    if not hmac.compare_digest(given.encode(), simulator.signature(request.body).encode()):
        return HttpResponse(status=403)
    told = _json(request.body)
    services.receive_report(
        provider="sandbox",
        provider_message_id=str(told["ref"]),
        ref=uuid.UUID(told["ref"]),
        status=str(told["status"]),
    )
    return HttpResponse(status=204)


def _sender(wanted: dict[str, Any]) -> str:
    if "number_id" in wanted:
        number = mailbox.number_of(_whole_number(str(wanted["number_id"]), "number_id"))
        if number is None:
            raise BadRequestError("number_id: there is no such phone")
        return number
    number = wanted.get("number")
    if not isinstance(number, str) or not 1 <= len(number) <= 20:
        raise BadRequestError(
            "number: a phone number such as +8613800000001, or number_id: a phone's id"
        )
    return mended(number)


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise BadRequestError("a JSON object is expected")
    return parsed


def _whole_number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequestError(f"{name}: a whole number")
    return int(text)


def _as_json(text: mailbox.Text) -> dict[str, Any]:
    size = segments.count(text.body)
    return {
        "id": text.id,
        "incoming": text.incoming,
        "body": text.body,
        "at": text.at.isoformat(),
        "encoding": size.encoding.value,
        "segments": size.count,
        "delivered": text.delivered or not text.incoming,
    }
