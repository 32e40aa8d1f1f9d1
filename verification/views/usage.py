"""What was used of what is allowed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from organisations.models import Membership
from organisations.views.access import member_page
from verification.usage import usage
from verification.views.access import around


@require_safe
@member_page
def show(request: HttpRequest, member: Membership) -> HttpResponse:
    """Requests of the last days, and how many more can be sent now."""
    context = around(member, "usage") | {"usage": usage(member.organisation)}
    return render(request, "portal/usage.html", context)
