"""Pages of the other process with pages. Behind a proxy both are at one address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.http import require_safe

from core.addresses import beside


@require_safe
def oversight(request: HttpRequest) -> HttpResponseRedirect:
    """Of the auditors' process, asked of the web process."""
    return HttpResponseRedirect(
        beside(settings.OVERSIGHT_BASE_URL, request) + request.get_full_path()
    )


@require_safe
def web(request: HttpRequest) -> HttpResponseRedirect:
    """The other way round."""
    return HttpResponseRedirect(beside(settings.PUBLIC_BASE_URL, request) + request.get_full_path())
