"""What anybody may fetch: keys, status lists, and a page that checks an answer.

Nothing that is pasted is stored, logged, or part of an address.
"""

from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from verification import online, selectors
from verification.reading import Report, Verdict
from verification.wording import worded
from verification.words import WORDS, language_of


@require_safe
@cache_control(public=True, max_age=3600)
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys (RFC 7517). A new one is published a day before it signs."""
    return _for_anybody(JsonResponse(selectors.key_set(), content_type="application/jwk-set+json"))


@require_safe
@cache_control(public=True, max_age=60)
def status(request: HttpRequest, day: date) -> HttpResponse:
    """The signed status list of the answers issued on one UTC day."""
    token = selectors.status_list(day)
    if token is None:
        raise Http404
    return _for_anybody(HttpResponse(token, content_type="application/statuslist+jwt"))


@csrf_exempt  # it changes nothing, and so it needs no cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    language = language_of(request.GET.get("lang", ""), getattr(request, "LANGUAGE_CODE", ""))
    pasted = request.POST.get("answer", "").strip()
    report = online.check_now(pasted) if pasted else None
    context = {
        "language": language,
        "other_language": "zh" if language == "en" else "en",
        "words": WORDS[language],
        "wording": report and worded(report, language),
        "tone": report and _tone(report),
        "empty": request.method == "POST" and not pasted,
        "keys_url": f"{settings.PUBLIC_BASE_URL}/.well-known/jwks.json",
    }
    return render(request, "verification/verify.html", context)


def _tone(report: Report) -> str:
    """Red is for what nobody signed. An answer has no colour, whatever it says or became of it."""
    if report.verdict is Verdict.GENUINE:
        return "good"
    return "bad" if report.verdict is Verdict.NOT_GENUINE and not report.statement else "open"


def _for_anybody(response: HttpResponse) -> HttpResponse:
    """Public data: pages of others may read it too."""
    response["Access-Control-Allow-Origin"] = "*"
    return response
