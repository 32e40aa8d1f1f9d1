"""The first page: what the service is, for the people it answers."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from consent import notices, terms
from core import catalogue, pages
from core.models import Installation

#: Languages of pages and of texts go by different names.
TEXTS_IN = {"en": "en", "zh-hans": "zh"}
CODE = "482913"
#: What people may text, and whether a number from a list follows.
COMMANDS = {
    "more": "", "log": "", "list": "", "drop": " 1", "wrong": " 1", "share": "", "block": " 1",
    "pause": "", "lang": "", "erase": "", "stop": "", "start": "",
}  # fmt: skip


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """How to ask, how it looks, and what becomes of it. The notice is the one that is sent."""
    installation = Installation.objects.get()
    locale = TEXTS_IN.get(get_language() or "", "en")
    words = catalogue.keywords(locale)
    notice = notices.render_self_inquiry(
        locale=locale,
        code=CODE,
        terms=terms.self_inquiry(installation.window_days),
        installation=installation,
    )
    context = {
        "number": settings.SMS_NUMBER,
        "days": installation.window_days,
        "hours": settings.MINIMUM_STAY_HOURS,
        "notice": notice.text,
        "trip": words["trip"][0],
        "code": CODE,
        "commands": [
            (words[name][0] + more, pages.words(f"word_does.{name}"))
            for name, more in COMMANDS.items()
        ],
        "has_sandbox": settings.SMS_PROVIDER == "sandbox",
    }
    return render(request, "people/home.html", context)
