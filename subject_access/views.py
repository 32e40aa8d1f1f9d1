"""A person's own page: their number, the code, what is held about them, a copy of it.

Nothing here is a session of Django's: there is one cookie, the browser's own secret.
"""

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import limits
from core.keys import derive
from core.pages import words
from subject_access import exports, services, showing
from subject_access.browser import Browser
from subject_access.forms import CodeForm, NumberForm

#: From one address, which many people may share behind one network.
NUMBERS = limits.Limit("own-page-numbers", capacity=20, seconds=3600)
CODES = limits.Limit("own-page-codes", capacity=60, seconds=3600)
COOKIE_SECONDS = 30 * 60  # longer than a code and a page together
PAGE = 20

View = Callable[..., HttpResponse]


def own_page(view: View) -> View:
    """Hands over the browser, if it is a known one; what is shown stays behind nowhere."""

    @never_cache
    @wraps(view)
    def shown(request: HttpRequest, **given: str) -> HttpResponse:
        cookie = request.COOKIES.get(settings.OWN_PAGE_COOKIE, "")
        return view(request, Browser.of_cookie(cookie), **given)

    return shown


@require_http_methods(["GET", "POST"])
@own_page
def begin(request: HttpRequest, browser: Browser | None) -> HttpResponse:
    """A number is typed. What follows is the same for every number."""
    form = NumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not _is_too_much(request, NUMBERS):
            return _asked(browser, form.cleaned_data["number"])
        form.add_error(None, words("my_page.too_many"))
    return render(request, "own_page/begin.html", {"form": form, "number": settings.SMS_NUMBER})


def _asked(browser: Browser | None, number: str) -> HttpResponse:
    """Each number gives the browser a new secret; what it had before is closed."""
    if browser is not None:
        services.close(browser=browser)
    response = redirect("own_page:code")
    response.set_cookie(
        settings.OWN_PAGE_COOKIE,
        services.ask(number=number, language=showing.texts_in()).cookie,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


@require_http_methods(["GET", "POST"])
@own_page
def code(request: HttpRequest, browser: Browser | None) -> HttpResponse:
    """The code is typed. Without one that can still be right, all begins anew."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and browser is not None and form.is_valid():
        if _is_too_much(request, CODES):
            form.add_error(None, words("my_page.too_many"))
        elif services.try_code(browser=browser, digits=form.cleaned_data["code"]):
            return redirect("own_page:record")
        else:
            form.add_error("code", words("my_page.wrong_code"))
    state = services.read(browser=browser)[0].state if browser else "none"
    if state in ("preparing", "open"):
        return redirect("own_page:record")
    if state == "none":
        return render(request, "own_page/ended.html")
    context = {"form": form, "number": settings.SMS_NUMBER, "minutes": services.CODE_MINUTES}
    return render(request, "own_page/code.html", context)


@require_safe
@own_page
def record(request: HttpRequest, browser: Browser | None, part: str = "looks") -> HttpResponse:
    """One part of what is held, a page at a time."""
    if part not in showing.PARTS:
        raise Http404
    if browser is None:
        return render(request, "own_page/ended.html")
    found, content = services.read(browser=browser)
    if "HX-Request" in request.headers:  # the waiting page asks whether there is something
        is_ready = found.state != "preparing"
        return HttpResponse(headers={"HX-Refresh": "true"} if is_ready else {}, status=204)
    if found.state == "preparing":
        return render(request, "own_page/preparing.html")
    if content is None:
        return render(request, "own_page/ended.html")
    rows = showing.rows(part, content)
    context = {
        "here": part,
        "parts": showing.PARTS,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "about": showing.about(content, found.closes_at),
        "choices": showing.choices(content) if part == "consents" else None,
        "disputes": showing.disputes(content) if part == "answers" else None,
        "command": exports.COMMAND,
    }
    return render(request, f"own_page/{part}.html", context)


@require_POST
@own_page
def copy(request: HttpRequest, browser: Browser | None, form: str) -> HttpResponse:
    """All of it as a file, and an entry of the log that says so."""
    makers = {"json": exports.as_json, "zip": exports.as_zip}
    if form not in makers:
        raise Http404
    content = services.export(browser=browser) if browser else None
    if content is None:
        return render(request, "own_page/ended.html")
    response = HttpResponse(makers[form](content), content_type=f"application/{form}")
    response["Content-Disposition"] = f'attachment; filename="travelcheck.{form}"'
    return response


@require_POST
@own_page
def close(request: HttpRequest, browser: Browser | None) -> HttpResponse:
    if browser is not None:
        services.close(browser=browser)
    response = render(request, "own_page/closed.html")
    response.delete_cookie(settings.OWN_PAGE_COOKIE, samesite="Strict")
    return response


def _is_too_much(request: HttpRequest, limit: limits.Limit) -> bool:
    address = get_adapter().get_client_ip(request)
    key = hmac.digest(derive("visitor"), address.encode(), sha256)
    return limits.take(limit, key) is not limits.Verdict.ALLOWED
