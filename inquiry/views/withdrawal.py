"""An operator's page for people who call because they want everything ended.

It shows nothing about any number: not what was agreed to, nor whether the number is known at all.
"""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from consent.models import WithdrawalByPhone
from consent.services import by_phone
from core.numbers import SenderKind, parse
from core.pages import later, words
from organisations.views.access import operator_page


class WithdrawalForm(forms.Form):
    number = forms.CharField(
        max_length=40,
        label=later("by_phone.number"),
        help_text=later("by_phone.number_help"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(
        label=later("by_phone.reason"),
        choices=[
            (value, later(f"call_reason.{value}")) for value in WithdrawalByPhone.Reason.values
        ],
        initial=WithdrawalByPhone.Reason.ASKED,
        widget=forms.RadioSelect,
    )

    def clean_number(self) -> str:
        number = parse(self.cleaned_data["number"])
        if number.kind not in (SenderKind.MOBILE, SenderKind.LANDLINE):
            raise ValidationError(words("by_phone.not_a_number"))
        return number.address


@require_http_methods(["GET", "POST"])
@operator_page
def withdraw(request: HttpRequest, operator: User) -> HttpResponse:
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by_phone.tell(by_ref=operator.id, **form.cleaned_data)
        messages.success(request, words("by_phone.done"))
        return redirect("people:withdraw-by-phone")
    return render(request, "inquiry/withdraw.html", {"form": form})
