"""What employers fill in. What is right is decided by `services.requests.check`."""

import unicodedata
from typing import Any

from django import forms

from core.pages import later, words
from core.text import UNSEEN
from organisations.forms import choices
from organisations.models import Organisation
from verification import places
from verification.services.requests import MOST_DAYS, Question

LONGEST_REFERENCE = 60
KEPT = ("1", "3", "7", "14", "30")
#: Where the page shows a problem of a question that has no field of that name.
SHOWN_AT = {"code": "code", "number": "number", "places": "places"}


def reference_problem(text: str) -> str:
    """What is wrong with an asker's own reference: a key of `ask.*`, or nothing."""
    if len(text) > LONGEST_REFERENCE:
        return "reference_long"
    return "reference_unseen" if any(unicodedata.category(c) in UNSEEN for c in text) else ""


class PlacesField(forms.MultipleChoiceField):
    """Codes of places; the page lists those that were found and those that were chosen."""

    def valid_value(self, value: str) -> bool:
        return len(value) <= 20


class QuestionForm(forms.Form):
    """A question, without the person it is about: the same for one and for many."""

    purpose = forms.ChoiceField(label=later("ask.purpose"), widget=forms.RadioSelect)
    question = forms.ChoiceField(label=later("ask.question"), widget=forms.RadioSelect)
    places = PlacesField(
        label=later("ask.places"), required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=later("ask.days"), help_text=later("ask.days_help"), initial=MOST_DAYS,
        min_value=1, max_value=MOST_DAYS,
    )  # fmt: skip
    kept_days = forms.TypedChoiceField(
        label=later("ask.kept"), help_text=later("ask.kept_help"), coerce=int, initial="7",
        choices=[(days, later(f"ask.kept_{days}")) for days in KEPT],
    )  # fmt: skip

    def __init__(self, organisation: Organisation, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        kinds = ["visited_any", "stayed_only_in"]
        if organisation.itinerary_purposes:
            kinds.append("itinerary")
        purpose, question = self.fields["purpose"], self.fields["question"]
        assert isinstance(purpose, forms.ChoiceField)
        assert isinstance(question, forms.ChoiceField)
        purpose.choices = choices("purpose", organisation.purposes)
        if len(organisation.purposes) == 1:
            purpose.initial = organisation.purposes[0]
        question.choices = choices("kind", kinds)

    def chosen(self) -> list[str]:
        """The codes of the places that are ticked, also in a form that is not right yet."""
        return list(self["places"].value() or [])[:50]

    def asked(self, **person: str) -> Question:
        """The question about one person: `number` or `code`, `reference`, `nonce`."""
        data = self.cleaned_data
        cities, countries = places.split(data["places"])
        return Question(
            purpose=data["purpose"], question=data["question"], days=data["days"],
            kept_days=data["kept_days"], cities=cities, countries=countries, **person,
        )  # fmt: skip

    def blame(self, problems: dict[str, str]) -> None:
        """Show what `check` found, each where it belongs."""
        for name, problem in problems.items():
            place = SHOWN_AT.get(name, name)
            said = words(f"request.problem.{problem}")
            self.add_error(place if place in self.fields else None, said)


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=later("webhooks.url"), help_text=later("webhooks.url_help"), max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    is_test = forms.TypedChoiceField(
        label=later("webhooks.mode"), initial="0", coerce=lambda value: value == "1",
        choices=[("0", later("webhooks.live")), ("1", later("webhooks.test_mode"))],
        widget=forms.RadioSelect,
    )  # fmt: skip


class AskForm(QuestionForm):
    """A question about one person."""

    code = forms.CharField(
        label=later("ask.code"), help_text=later("ask.code_help"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip
    number = forms.CharField(
        label=later("ask.number"), help_text=later("ask.number_help"), required=False,
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )  # fmt: skip
    reference = forms.CharField(
        label=later("ask.reference"), help_text=later("ask.reference_help"), required=False,
        max_length=LONGEST_REFERENCE, widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    nonce = forms.RegexField(r"^[A-Za-z0-9_-]{8,22}$", widget=forms.HiddenInput)

    def __init__(self, organisation: Organisation, *args: Any, **given: Any) -> None:
        super().__init__(organisation, *args, **given)
        if not organisation.may_ask_by_number:
            del self.fields["number"]

    def clean_reference(self) -> str:
        reference = str(self.cleaned_data["reference"])
        if problem := reference_problem(reference):
            raise forms.ValidationError(words(f"ask.{problem}"))
        return reference

    def about(self) -> Question:
        data = self.cleaned_data
        return self.asked(
            number=data.get("number", ""), code=data["code"], reference=data["reference"],
            nonce=data["nonce"],
        )  # fmt: skip
