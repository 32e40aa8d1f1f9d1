"""Members and invitations, for owners."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.pages import words
from organisations import errors, selectors
from organisations.catalogue import Role
from organisations.forms import InviteForm, RoleForm
from organisations.models import Invitation, Membership
from organisations.services import members as services
from organisations.views.access import member_page, owner_page


@require_http_methods(["GET", "POST"])
@owner_page
def members(request: HttpRequest, member: Membership) -> HttpResponse:
    """Who belongs here, who is invited, and the form to invite somebody."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.invite(
                by=member, email=form.cleaned_data["email"], role=Role(form.cleaned_data["role"])
            )
        except errors.AlreadyMemberError:
            form.add_error("email", words("members.already"))
        except errors.TooManyError:
            form.add_error(None, words("members.too_many"))
        else:
            messages.success(request, words("members.invited"))
            return redirect("employers:members", member.organisation_id)
    context = {
        "member": member,
        "organisation": member.organisation,
        "members": selectors.members(member.organisation),
        "invitations": selectors.open_invitations(member.organisation),
        "roles": Role.values,
        "form": form,
        "here": "members",
    }
    return render(request, "organisations/members.html", context)


@require_POST
@owner_page
def change_role(request: HttpRequest, member: Membership, membership_id: uuid.UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        services.change_role(
            by=member, membership_id=membership_id, role=Role(form.cleaned_data["role"])
        )
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except errors.LastOwnerError:
        messages.error(request, words("members.last_owner"))
    else:
        messages.success(request, words("members.changed"))
    return redirect("employers:members", member.organisation_id)


@require_POST
@owner_page
def remove(request: HttpRequest, member: Membership, membership_id: uuid.UUID) -> HttpResponse:
    try:
        services.remove(by=member, membership_id=membership_id)
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except errors.LastOwnerError:
        messages.error(request, words("members.last_owner"))
    else:
        messages.success(request, words("members.removed"))
    return redirect("employers:members", member.organisation_id)


@require_POST
@owner_page
def revoke_invitation(
    request: HttpRequest, member: Membership, invitation_id: uuid.UUID
) -> HttpResponse:
    try:
        services.revoke_invitation(by=member, invitation_id=invitation_id)
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, words("members.revoked"))
    return redirect("employers:members", member.organisation_id)


@require_http_methods(["GET", "POST"])
@member_page
def leave(request: HttpRequest, member: Membership) -> HttpResponse:
    """Anybody may go by themselves."""
    if request.method == "POST":
        try:
            services.remove(by=member, membership_id=member.id)
        except errors.LastOwnerError:
            messages.error(request, words("members.last_owner"))
        else:
            return redirect("employers:home")
    context = {"member": member, "organisation": member.organisation}
    return render(request, "organisations/leave.html", context)
