"""Errors of the API, all in one form: RFC 9457, `application/problem+json`.

`type` is a word of a closed list; `docs/api.md` says what to do about each. None says anything of a
person: what is wrong with a request is its form, the key, or the organisation's own limits.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.datastructures import MultiValueDict
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
URN = "urn:travelcheck:problem:"
#: Word of the `type` -> status and title.
KINDS: Mapping[str, tuple[HTTPStatus, str]] = {
    "malformed": (HTTPStatus.BAD_REQUEST, "This is no JSON object that can be read."),
    "invalid": (HTTPStatus.BAD_REQUEST, "Something in the request is not right."),
    "key": (HTTPStatus.UNAUTHORIZED, "A working API key is needed."),
    "scope": (HTTPStatus.FORBIDDEN, "The key has not the scope for this."),
    "not-allowed": (HTTPStatus.FORBIDDEN, "The organisation may not ask this."),
    "not-found": (HTTPStatus.NOT_FOUND, "There is nothing here."),
    "method": (HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take that method."),
    "not-acceptable": (HTTPStatus.NOT_ACCEPTABLE, "Answers are JSON."),
    "in-progress": (HTTPStatus.CONFLICT, "The same request is being worked on. Try again."),
    "media-type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Requests are JSON."),
    "key-reused": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This idempotency key was used with another request.",
    ),
    "throttled": (HTTPStatus.TOO_MANY_REQUESTS, "Too many calls. Wait and try again."),
    "cap": (HTTPStatus.TOO_MANY_REQUESTS, "The organisation has used up what it is allowed."),
    "internal": (HTTPStatus.INTERNAL_SERVER_ERROR, "We made a mistake. It has been noted."),
}


class Problem(exceptions.APIException):
    """One of the kinds above. `errors`: field -> what is wrong with it; `which`, in a word."""

    def __init__(
        self,
        kind: str,
        *,
        which: str = "",
        errors: Mapping[str, Any] | None = None,
        wait: int | None = None,
    ) -> None:
        self.kind, self.which, self.errors, self.wait = kind, which, errors, wait
        self.status_code = KINDS[kind][0]
        super().__init__()


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Whatever is raised in a view, as a problem; what nobody foresaw is noted, and a 500."""
    problem = _problem(error)
    if problem is None:
        log.error("an API call failed", exc_info=error)
        problem = Problem("internal")
    set_rollback()
    response = rendered(problem)
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        response["WWW-Authenticate"] = 'Bearer realm="travelcheck"'
    if problem.wait is not None:
        response["Retry-After"] = str(problem.wait)
    return response


def rendered(problem: Problem) -> Response:
    status, title = KINDS[problem.kind]
    body: dict[str, Any] = {"type": URN + problem.kind, "title": title, "status": status.value}
    if problem.which:
        body["detail"] = problem.which
    if problem.errors is not None:
        body["errors"] = problem.errors
    return Response(body, status=status.value, content_type=CONTENT_TYPE)


SIMPLE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "malformed"),
    (exceptions.AuthenticationFailed, "key"),
    (exceptions.NotAuthenticated, "key"),
    (exceptions.PermissionDenied, "scope"),
    (PermissionDenied, "scope"),
    (Http404, "not-found"),
    (exceptions.NotFound, "not-found"),
    (exceptions.MethodNotAllowed, "method"),
    (exceptions.NotAcceptable, "not-acceptable"),
    (exceptions.UnsupportedMediaType, "media-type"),
)


def _problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        return Problem("invalid", errors=_by_field(error.detail))
    if isinstance(error, exceptions.Throttled):
        return Problem("throttled", wait=int(getattr(error, "wait", None) or 1))
    return next((Problem(kind) for raised, kind in SIMPLE if isinstance(error, raised)), None)


def _by_field(detail: Any) -> dict[str, list[str]]:
    """What a serializer says, flat: lists of places are one field."""
    if not isinstance(detail, dict):
        return {"": [str(one) for one in detail]}
    found = MultiValueDict[str, str]()
    for name, said in detail.items():
        lines = said if isinstance(said, list) else [str(part) for part in said.values()]
        found.setlist(str(name), [str(line) for line in lines])
    return {name: found.getlist(name) for name in found}
