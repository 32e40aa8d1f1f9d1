from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from core.pages import later, words
from organisations import names
from organisations.catalogue import Purpose, Role, Scope

LEGAL_ID = RegexValidator(
    r"^[0-9A-Za-z][0-9A-Za-z ./-]{3,30}[0-9A-Za-z]$", later("apply.legal_id_help")
)


def choices(group: str, values: Sequence[str]) -> list[tuple[str, Any]]:
    """A closed list with its words."""
    return [(value, later(f"{group}.{value.replace(':', '_')}")) for value in values]


class ApplyForm(forms.Form):
    name = forms.CharField(
        max_length=100,
        label=later("apply.name"),
        help_text=later("apply.name_help"),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    legal_id = forms.CharField(
        max_length=32,
        label=later("apply.legal_id"),
        help_text=later("apply.legal_id_help"),
        validators=[LEGAL_ID],
    )
    contact_name = forms.CharField(
        max_length=80,
        label=later("apply.contact_name"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_email = forms.EmailField(
        label=later("apply.contact_email"),
        help_text=later("apply.contact_email_help"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    purposes = forms.MultipleChoiceField(
        label=later("apply.purposes"),
        choices=choices("purpose", Purpose.values),
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_name(self) -> str:
        try:
            return names.registered(self.cleaned_data["name"])
        except names.BadNameError as error:
            raise ValidationError(words(error.key)) from error


class TermsForm(forms.Form):
    """What an operator allows."""

    purposes = forms.MultipleChoiceField(
        label=later("terms.purposes"),
        choices=choices("purpose", Purpose.values),
        widget=forms.CheckboxSelectMultiple,
    )
    itinerary_purposes = forms.MultipleChoiceField(
        label=later("terms.itinerary"),
        help_text=later("terms.itinerary_help"),
        choices=choices("purpose", Purpose.values),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    may_ask_by_number = forms.BooleanField(
        label=later("terms.by_number"), help_text=later("terms.by_number_help"), required=False
    )
    requests_per_day = forms.IntegerField(
        label=later("terms.per_day"), min_value=1, max_value=100_000
    )
    open_requests = forms.IntegerField(label=later("terms.open"), min_value=1, max_value=100_000)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not set(cleaned.get("itinerary_purposes", [])) <= set(cleaned.get("purposes", [])):
            self.add_error("itinerary_purposes", words("terms.itinerary_help"))
        return cleaned


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=later("members.email"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=later("members.role"),
        choices=choices("role", Role.values),
        initial=Role.ASKER,
        widget=forms.RadioSelect,
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=60, label=later("keys.name"), help_text=later("keys.name_help")
    )
    scopes = forms.MultipleChoiceField(
        label=later("keys.scopes"),
        choices=choices("scope", Scope.values),
        widget=forms.CheckboxSelectMultiple,
    )
    is_test = forms.TypedChoiceField(
        label=later("keys.mode"),
        choices=[("1", later("keys.test")), ("0", later("keys.live"))],
        coerce=lambda value: value == "1",
        initial="1",
        widget=forms.RadioSelect,
    )
    days = forms.TypedChoiceField(
        label=later("keys.days"),
        choices=[
            ("30", later("keys.days_30")),
            ("90", later("keys.days_90")),
            ("365", later("keys.days_365")),
        ],
        coerce=int,
        initial="90",
    )


class OverlapForm(forms.Form):
    hours = forms.TypedChoiceField(choices=[("0", "0"), ("24", "24"), ("168", "168")], coerce=int)
