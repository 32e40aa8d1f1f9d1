"""Pages around allauth's: a first password, and the way to a second factor."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services
from accounts.adapter import MFAAdapter
from accounts.forms import NewPasswordForm
from accounts.models import User
from core.pages import words


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
@never_cache
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time link of a new member of staff, or of somebody who lost their second factor."""
    try:
        link = services.open_setup_link(token=token)
    except services.LinkError:
        return render(request, "accounts/link_ended.html", status=404)
    form = NewPasswordForm(link.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.use_setup_link(
                token=token,
                password=form.cleaned_data["password1"],
                name=form.cleaned_data["name"],
            )
        except services.LinkError:
            return render(request, "accounts/link_ended.html", status=404)
        except ValidationError as error:
            form.add_error("password1", error)
        else:
            return log_in(request, user)
    return render(request, "accounts/set_up.html", {"form": form, "email": link.user.email})


def log_in(request: HttpRequest, user: User) -> HttpResponse:
    """Log in somebody who has just set their password; the second factor comes next."""
    request.session.flush()  # whoever was logged in here is not this person
    record_authentication(request, user, method="password")
    response: HttpResponse = perform_login(request, user, email_verification="none")
    return response


@require_safe
@never_cache
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Choose one: the only page there is until it is done."""
    return render(request, "accounts/second_factor.html")


@login_required
def remove_key(request: HttpRequest, pk: int) -> HttpResponse:
    """allauth's page, except for the last second factor: that one stays."""
    key = get_object_or_404(
        Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN
    )
    if not MFAAdapter().can_delete_authenticator(key):
        messages.error(request, words("second_factor.last"))
        return redirect("mfa_index")
    response: HttpResponse = webauthn.remove_webauthn(request, pk=pk)
    return response
