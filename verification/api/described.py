"""What the OpenAPI description says of each operation beside what the code shows: see `views`."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from verification.api.problems import CONTENT_TYPE, KINDS, URN
from verification.api.serializers import (
    AnswerSerializer,
    DeliveriesSerializer,
    ListingSerializer,
    NewRequestSerializer,
    NewWebhookSerializer,
    PlaceSearchSerializer,
    PlacesSerializer,
    ProblemSerializer,
    RequestPageSerializer,
    RequestSerializer,
    SearchSerializer,
    UsageSerializer,
    WebhooksSerializer,
    WebhookWithSecretSerializer,
)

ID = "0f8e4d1c-5b7a-4c39-9f0e-2d6a1b3c4d5e"
QUESTION: dict[str, Any] = {
    "purpose": "return_to_work",
    "question": "visited_any",
    "places": ["420100", "TH"],
    "days": 14,
    "kept_days": 7,
    "code": "K7M2Q-X9TB9",
    "reference": "personnel 4711",
}
REQUEST: dict[str, Any] = {
    **{name: value for name, value in QUESTION.items() if name != "code"},
    "id": ID,
    "state": "open",
    "asked_by": "code",
    "nonce": "q83vEjRWeJASNFZ4",
    "is_test": False,
    "asked_at": "2026-11-23T08:15:00Z",
    "closes_at": "2026-11-24T08:15:00Z",
    "cancelled_at": None,
    "answered_at": None,
}
USAGE: dict[str, Any] = {
    "asked": 3,
    "asked_allowed": 100,
    "open": 2,
    "open_allowed": 500,
    "days": [{"day": "2026-11-23", "asked": 3, "answered": 1}],
}
PLACE = {"code": "420100", "name": "Wuhan", "within": "Hubei", "is_country": False}
ANSWER: dict[str, Any] = {
    "token": "eyJhbGciOiJFZERTQSIs…",
    "claims": {"q": "visited_any", "a": "NO"},
    "finding": "genuine",
    "status_as_of": "2026-11-23T09:00:00+00:00",
    "in_words": {"Answer": ["NO"]},
    "delete_by": "2026-11-30",
    "check_at": {
        "page": "https://travelcheck.example/verify/",
        "keys": "https://travelcheck.example/.well-known/jwks.json",
        "status_list": "https://travelcheck.example/answers/status/2026-11-23",
    },
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "organisations.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def _problems(*kinds: str) -> dict[Any, OpenApiResponse]:
    """Responses by status; every operation also has those of every key."""
    by_status: dict[int, list[str]] = {}
    for kind in ("key", "scope", "throttled", "not-acceptable", *kinds):
        by_status.setdefault(KINDS[kind][0].value, []).append(kind)
    return {
        (status, CONTENT_TYPE): OpenApiResponse(
            ProblemSerializer,
            description=" ".join(KINDS[kind][1] for kind in found),
            examples=[
                OpenApiExample(
                    kind, value={"type": URN + kind, "title": KINDS[kind][1], "status": status}
                )
                for kind in found
            ],
        )
        for status, found in by_status.items()
    }


def _example(value: Any, **given: Any) -> list[OpenApiExample]:
    return [OpenApiExample("example", value=value, **given)]


list_requests = extend_schema(
    operation_id="list_requests",
    summary="Your requests, the latest first",
    parameters=[ListingSerializer],
    responses={200: RequestPageSerializer, **_problems("invalid")},
    examples=_example({"requests": [REQUEST], "next": None}, response_only=True),
)
search_requests = extend_schema(
    operation_id="search_requests",
    summary="Your requests with a part of a reference of yours, the latest first",
    description="In the body, since addresses end up in the logs of every server on the way.",
    request=SearchSerializer,
    responses={200: RequestPageSerializer, **_problems("malformed", "invalid", "media-type")},
    examples=[
        OpenApiExample("by reference", value={"reference": "4711"}, request_only=True),
        OpenApiExample("found", value={"requests": [REQUEST], "next": None}, response_only=True),
    ],
)
create_request = extend_schema(
    operation_id="create_request",
    summary="Ask one person one question, by number or by the sharing code they gave you",
    description=(
        "What is answered here says nothing about the person: a number that nobody has gets the "
        "same. The person reads who asks what, and decides. Ask, and look again."
    ),
    parameters=[
        OpenApiParameter(
            "Idempotency-Key",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description="Sent again with the same body within 24 hours, the same reply comes back.",
        )
    ],
    request=NewRequestSerializer,
    responses={
        201: RequestSerializer,
        **_problems(
            "malformed", "invalid", "not-allowed", "in-progress", "media-type", "key-reused", "cap"
        ),
    },
    examples=[
        OpenApiExample("by sharing code", value=QUESTION, request_only=True),
        OpenApiExample("open", value=REQUEST, response_only=True),
    ],
)
retrieve_request = extend_schema(
    operation_id="retrieve_request",
    summary="One of your requests",
    responses={200: RequestSerializer, **_problems("not-found")},
    examples=_example(REQUEST, response_only=True),
)
cancel_request = extend_schema(
    operation_id="cancel_request",
    summary="You need no answer any more",
    request=None,
    responses={200: RequestSerializer, **_problems("not-found")},
    examples=_example({**REQUEST, "state": "cancelled"}, response_only=True),
)
retrieve_answer = extend_schema(
    operation_id="retrieve_answer",
    summary="The signed answer, while it is kept: a day after it was handed over",
    responses={200: AnswerSerializer, **_problems("not-found")},
    examples=_example(ANSWER, response_only=True),
)
retrieve_usage = extend_schema(
    operation_id="retrieve_usage",
    summary="What you have used of what you are allowed",
    responses={200: UsageSerializer, **_problems()},
    examples=_example(USAGE, response_only=True),
)
HOOK: dict[str, Any] = {
    "id": ID,
    "url": "https://hr.example/travelcheck",
    "is_test": False,
    "created_at": "2026-11-23T08:15:00Z",
    "failing_since": None,
    "disabled_at": None,
}
WITH_SECRET = {**HOOK, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
list_webhooks = extend_schema(
    operation_id="list_webhooks",
    summary="Addresses of yours that are told when there is something to see",
    responses={200: WebhooksSerializer, **_problems()},
    examples=_example({"webhooks": [HOOK]}, response_only=True),
)
create_webhook = extend_schema(
    operation_id="create_webhook",
    summary="A new address; its secret is shown this once",
    request=NewWebhookSerializer,
    responses={
        201: WebhookWithSecretSerializer,
        **_problems("malformed", "invalid", "media-type", "cap"),
    },
    examples=[
        OpenApiExample("address", value={"url": HOOK["url"]}, request_only=True),
        OpenApiExample("with its secret", value=WITH_SECRET, response_only=True),
    ],
)
remove_webhook = extend_schema(
    operation_id="remove_webhook",
    summary="Tell this address nothing any more",
    responses={204: None, **_problems("not-found")},
)
rotate_webhook = extend_schema(
    operation_id="rotate_webhook",
    summary="A new secret; the one before signs too, until the next",
    request=None,
    responses={200: WebhookWithSecretSerializer, **_problems("not-found")},
    examples=_example(WITH_SECRET, response_only=True),
)
list_deliveries = extend_schema(
    operation_id="list_deliveries",
    summary="The last hundred things an address was told, with every attempt",
    responses={200: DeliveriesSerializer, **_problems("not-found")},
)
search_places = extend_schema(
    operation_id="search_places",
    summary="Codes of cities and countries, by a part of their names",
    parameters=[PlaceSearchSerializer],
    responses={200: PlacesSerializer, **_problems("invalid")},
    examples=_example({"places": [PLACE]}, response_only=True),
)
