"""The addresses of API v1. Thin: rules are in `verification.services`, reads in its selectors."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.models import Request
from organisations.authentication import ApiKeyAuthentication, HasScope
from organisations.catalogue import Scope
from organisations.models import ApiKey
from verification import listing, places, presenting, usage
from verification.api import described
from verification.api.problems import Problem
from verification.api.serializers import (
    ListingSerializer,
    NewRequestSerializer,
    PlaceSearchSerializer,
    PlacesSerializer,
    RequestPageSerializer,
    RequestSerializer,
    SearchSerializer,
    UsageSerializer,
)
from verification.listing import Listed
from verification.models import Answer
from verification.services import reading, replies, requests
from verification.services.requests import Asker, Question


class KeyView(APIView):
    """For organisations' software. Each method names the scope it needs; one without is closed."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (HasScope,)
    needed_scopes: Mapping[str, Scope] = {}

    def check_permissions(self, request: ApiRequest) -> None:
        # A method that is not there says so, whatever the key may do.
        if request.method in self.allowed_methods:
            super().check_permissions(request)

    def finalize_response(
        self, request: ApiRequest, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        policy = getattr(getattr(request, "_request", request), "rate_limit", None)
        if policy:
            response["RateLimit-Policy"], response["RateLimit"] = policy
        return response

    def key(self, request: ApiRequest) -> ApiKey:
        assert isinstance(request.auth, ApiKey)
        return request.auth

    def found(self, request: ApiRequest, request_id: UUID) -> Listed:
        """A request of this organisation; 404 for others' and for none alike."""
        key = self.key(request)
        try:
            return listing.one(key.organisation, request_id, is_test=key.is_test)
        except Request.DoesNotExist as error:
            raise Http404 from error


class RequestsView(KeyView):
    needed_scopes = {"GET": Scope.REQUESTS_READ, "POST": Scope.REQUESTS_WRITE}

    @described.list_requests
    def get(self, request: ApiRequest) -> Response:
        asked = ListingSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return page(self.key(request), **asked.validated_data)

    @described.create_request
    def post(self, request: ApiRequest) -> Response:
        key, header = self.key(request), request.headers.get("Idempotency-Key", "")
        said = request.body
        if not header:
            status, body = self._ask(request)
        elif len(header) > replies.LONGEST_KEY or not header.isascii() or not header.isprintable():
            raise Problem("invalid", errors={"Idempotency-Key": ["not_a_key"]})
        else:
            try:
                status, body = replies.once(
                    key=key, header=header, said=said, work=lambda: self._ask(request)
                )
            except replies.InProgressError as error:
                raise Problem("in-progress", wait=1) from error
            except replies.KeyReusedError as error:
                raise Problem("key-reused") from error
        response = Response(body, status=status)
        response["Location"] = f"/api/v1/requests/{body['id']}"
        return response

    def _ask(self, request: ApiRequest) -> tuple[int, dict[str, Any]]:
        wanted = NewRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        cities, countries = places.split(given.pop("places"))
        question = Question(**given, cities=cities, countries=countries)
        try:
            stored = requests.ask(by=Asker.key(self.key(request)), question=question)
        except requests.QuestionError as error:
            problems = {name: [problem] for name, problem in error.problems.items()}
            raise Problem("invalid", errors=problems) from error
        except requests.NotAllowedError as error:
            raise Problem("not-allowed", which=str(error)) from error
        except requests.CapError as error:
            raise Problem("cap", which=str(error), wait=3600) from error
        return 201, shown(listing.listed([stored])[0])


class SearchView(KeyView):
    """A search is sent as a body: a reference may be a name."""

    needed_scopes = {"POST": Scope.REQUESTS_READ}
    is_reading = True

    @described.search_requests
    def post(self, request: ApiRequest) -> Response:
        sought = SearchSerializer(data=request.data)
        sought.is_valid(raise_exception=True)
        return page(self.key(request), **sought.validated_data)


class RequestView(KeyView):
    needed_scopes = {"GET": Scope.REQUESTS_READ}

    @described.retrieve_request
    def get(self, request: ApiRequest, request_id: UUID) -> Response:
        return Response(shown(self.found(request, request_id)))


class CancelView(KeyView):
    needed_scopes = {"POST": Scope.REQUESTS_WRITE}

    @described.cancel_request
    def post(self, request: ApiRequest, request_id: UUID) -> Response:
        self.found(request, request_id)
        requests.cancel(by=Asker.key(self.key(request)), request_id=request_id)
        return Response(shown(self.found(request, request_id)))


class AnswerView(KeyView):
    needed_scopes = {"GET": Scope.ANSWERS_READ}

    @described.retrieve_answer
    def get(self, request: ApiRequest, request_id: UUID) -> Response:
        listed = self.found(request, request_id)
        try:
            token = reading.read(by=Asker.key(self.key(request)), request_id=request_id)
        except Answer.DoesNotExist as error:
            raise Http404 from error
        return Response(presenting.as_json(presenting.shown(token, listed, "en")))


class UsageView(KeyView):
    needed_scopes = {"GET": Scope.USAGE_READ}

    @described.retrieve_usage
    def get(self, request: ApiRequest) -> Response:
        return Response(UsageSerializer(asdict(usage.usage(self.key(request).organisation))).data)


class PlacesView(KeyView):
    needed_scopes = {"GET": Scope.REQUESTS_READ}

    @described.search_places
    def get(self, request: ApiRequest) -> Response:
        asked = PlaceSearchSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        found = places.search(asked.validated_data["q"], asked.validated_data["language"])
        return Response(PlacesSerializer({"places": [asdict(place) for place in found]}).data)


class NothingHereView(APIView):
    """Any other address below the API: a problem like all others."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: ApiRequest, *args: Any, **kwargs: Any) -> None:
        raise Http404


def page(key: ApiKey, *, cursor: str, size: int, reference: str = "") -> Response:
    """A page of what this key may see."""
    found = listing.page(
        key.organisation, reference=reference, after=cursor, size=size, is_test=key.is_test
    )
    body = {"requests": [shown(one) for one in found.requests], "next": found.after or None}
    return Response(RequestPageSerializer(body).data)


def shown(one: Listed) -> dict[str, Any]:
    """A request in the names of the API."""
    asked = one.request
    fields = {
        **{name: getattr(asked, name) for name in SAME_NAMES},
        "state": one.state.value,
        "places": asked.places["cities"] + asked.places["countries"],
        "answered_at": one.answer.handed_over_at if one.answer else None,
    }
    return dict(RequestSerializer(fields).data)


SAME_NAMES = (
    "id", "purpose", "question", "days", "kept_days", "asked_by", "nonce", "reference", "is_test",
    "asked_at", "closes_at", "cancelled_at",
)  # fmt: skip
