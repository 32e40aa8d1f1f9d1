"""The log over HTTP, for whoever mirrors or checks it: C2SP tlog-tiles, at the log's own name."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit import published
from audit.published import NotAllowedError
from audit.tiles import Tile, TileError

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"
FOREVER = "max-age=31536000, immutable"
SHORTLY = "max-age=5"

View = Callable[..., HttpResponse]


def token_of(request: HttpRequest) -> str | None:
    """The bearer token, or None. What is no bearer token is a wrong one."""
    given = request.headers.get("Authorization")
    return None if given is None else given.removeprefix("Bearer ")


def told(view: View) -> View:
    """Answer 401 to a token that is nobody's."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, log: str, **parts: str) -> HttpResponse:
        try:
            return view(request, int(log), **parts)
        except NotAllowedError:
            return _refused()

    return answer


@told
def checkpoint(request: HttpRequest, log: int) -> HttpResponse:
    """The newest checkpoint that the asker may see."""
    token = token_of(request)
    return _given(published.checkpoint(log, token), TEXT, SHORTLY, token)


@told
def pruned(request: HttpRequest, log: int) -> HttpResponse:
    """There when only the end of this year's log is left."""
    token = token_of(request)
    return _given("" if published.is_pruned(log) else None, TEXT, SHORTLY, token)


@require_safe
def logs(request: HttpRequest) -> HttpResponse:
    """The years that there are logs of, one a line: where `audit.verify` mirrors all of them."""
    token = token_of(request)
    try:
        years = published.logs(token)
    except NotAllowedError:
        return _refused()
    return _given("".join(f"{year}\n" for year in years) or None, TEXT, SHORTLY, token)


@told
def tile(request: HttpRequest, log: int, path: str) -> HttpResponse:
    """A hash tile or an entry bundle."""
    token = token_of(request)
    try:
        asked = Tile.parse(f"tile/{path}")
    except TileError:
        return _given(None, TEXT, SHORTLY, token)
    return _given(published.tile(log, asked, token), BYTES, FOREVER, token)


def _refused() -> HttpResponse:
    response = HttpResponse("a mirror's token is needed\n", status=401, content_type=TEXT)
    response["WWW-Authenticate"] = 'Bearer realm="log"'
    return response


def _given(content: str | bytes | None, kind: str, age: str, token: str | None) -> HttpResponse:
    if content is None:
        return HttpResponse("not found\n", status=404, content_type=TEXT)
    response = HttpResponse(content, content_type=kind)
    # What a token opened is no shared cache's to keep.
    response["Cache-Control"] = f"{'public' if token is None else 'private'}, {age}"
    response["Vary"] = "Authorization"
    return response
