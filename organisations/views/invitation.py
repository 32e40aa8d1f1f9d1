"""The link in an invitation. Looking at it changes nothing: mail scanners look at links too."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import NewPasswordForm
from accounts.models import User
from accounts.selectors import account_of
from accounts.views import log_in
from organisations import errors, selectors
from organisations.services import members


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = selectors.invitation_by_token(token)
    except errors.InvitationError:
        return render(request, "accounts/link_ended.html", status=404)
    context: dict[str, object] = {"organisation": found.organisation, "invitation": found}
    if isinstance(request.user, User):
        return _as_somebody(request, token, request.user, context)
    if account_of(found.email):
        # Only who holds the link learns that there is an account: the link went to its address.
        return render(request, "organisations/invitation_log_in.html", context)
    return _as_new(request, token, User(email=found.email), context)


def _as_somebody(
    request: HttpRequest, token: str, user: User, context: dict[str, object]
) -> HttpResponse:
    if request.method == "POST":
        try:
            member = members.accept(token=token, user=user)
        except errors.InvitationError:
            return render(request, "accounts/link_ended.html", status=404)
        except (errors.OtherPersonError, errors.NotAllowedError):
            return render(request, "organisations/invitation_other.html", context, status=403)
        return redirect("employers:organisation", member.organisation_id)
    return render(request, "organisations/invitation_accept.html", context)


def _as_new(
    request: HttpRequest, token: str, user: User, context: dict[str, object]
) -> HttpResponse:
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            member = members.accept(
                token=token,
                user=None,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password1"],
            )
        except errors.InvitationError:
            return render(request, "accounts/link_ended.html", status=404)
        except errors.OtherPersonError:  # made meanwhile
            return redirect("employers:invitation", token)
        except ValidationError as error:
            form.add_error("password1", error)
        else:
            return log_in(request, member.user)
    return render(request, "organisations/invitation_new.html", {**context, "form": form})
