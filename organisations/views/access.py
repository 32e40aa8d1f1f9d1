"""Who reaches which page. What somebody may not see is not there: 404, as for an unknown id."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import StaffRole, User
from accounts.selectors import staff_role
from organisations import selectors
from organisations.models import Membership

Page = Callable[..., HttpResponse]
MemberPage = Callable[Concatenate[HttpRequest, Membership, ...], HttpResponse]
StaffPage = Callable[Concatenate[HttpRequest, User, ...], HttpResponse]


def member_page(view: MemberPage) -> Page:
    """For members of the organisation in the address, while it may ask."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, organisation_id: uuid.UUID, **given: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        try:
            found = selectors.membership(user=request.user, organisation_id=organisation_id)
        except Membership.DoesNotExist as error:
            raise Http404 from error
        if not found.organisation.may_ask:
            context = {"organisation": found.organisation}
            return render(request, "organisations/suspended.html", context, status=403)
        return view(request, found, **given)

    return guarded


def owner_page(view: MemberPage) -> Page:
    """For owners. A change asks who is there again, unless they have just shown it."""

    @wraps(view)
    def owners_only(request: HttpRequest, member: Membership, **given: Any) -> HttpResponse:
        if not member.is_owner:
            raise Http404
        return view(request, member, **given)

    page: Page = reauthentication_required(member_page(owners_only), allow_get=True)
    return login_required(page)


def operator_page(view: StaffPage) -> Page:
    """For operators; the same for changes."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **given: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        if staff_role(request.user) != StaffRole.OPERATOR:
            raise Http404
        return view(request, request.user, **given)

    page: Page = reauthentication_required(guarded, allow_get=True)
    return login_required(page)
