"""Who may do what with an organisation's requests. A viewer's 404 is everybody's."""

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from organisations.catalogue import Role
from organisations.models import Membership
from organisations.views.access import MemberPage, Page, member_page

ASKS = frozenset({Role.OWNER, Role.ASKER})


def may_ask(member: Membership) -> bool:
    return Role(member.role) in ASKS


def asker_page(view: MemberPage) -> Page:
    """For owners and askers."""

    @wraps(view)
    def askers_only(request: HttpRequest, member: Membership, **given: Any) -> HttpResponse:
        if not may_ask(member):
            raise Http404
        return view(request, member, **given)

    return member_page(askers_only)


def around(member: Membership, here: str) -> dict[str, object]:
    """What every page of the portal shows around its own."""
    return {
        "member": member,
        "organisation": member.organisation,
        "here": here,
    }
