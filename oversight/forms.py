"""What auditors type in."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from audit.search import Filter, event_names
from core import clock
from core.models import Installation
from core.pages import later, words
from oversight.models.hold import LONGEST, HoldReason
from oversight.models.resolution import Reason
from oversight.services.reviewing import LARGEST_SAMPLE


def _events() -> list[tuple[str, str]]:
    """Groups first: `access.` stands for all of its events."""
    names = event_names()
    groups = dict.fromkeys(name.partition(".")[0] + "." for name in names)
    return [("", "–"), *((group, f"{group}*") for group in groups), *((n, n) for n in names)]


def _named(chosen: str) -> list[str]:
    return [
        name
        for name in event_names()
        if chosen and (name == chosen or (chosen.endswith(".") and name.startswith(chosen)))
    ]


class SearchForm(forms.Form):
    """Days are those of the service's time zone, both included."""

    since = forms.DateField(required=False, label=later("oversight.since"))
    until = forms.DateField(required=False, label=later("oversight.until"))
    event = forms.ChoiceField(choices=_events, required=False, label=later("oversight.event"))
    org_ref = forms.UUIDField(required=False, label=later("oversight.organisation"))
    subject_ref = forms.UUIDField(required=False, label=later("oversight.subject"))
    consent_id = forms.UUIDField(required=False, label=later("oversight.consent"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].widget.input_type = "date"

    def wanted(self) -> Filter:
        """Of a valid form."""
        given = self.cleaned_data
        zone = ZoneInfo(Installation.objects.get().time_zone)

        def begin(day: Any) -> datetime:
            return datetime.combine(day, time(), zone)

        return Filter(
            since=begin(given["since"]) if given["since"] else None,
            until=begin(given["until"] + timedelta(days=1)) if given["until"] else None,
            events=_named(given["event"]),
            org_ref=given["org_ref"],
            subject_ref=given["subject_ref"],
            consent_id=given["consent_id"],
        )

    def said(self) -> dict[str, str]:
        """The form as it can be filled in again."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


class SampleForm(forms.Form):
    event = forms.ChoiceField(choices=_events, required=False, label=later("oversight.event"))
    size = forms.IntegerField(
        min_value=1, max_value=LARGEST_SAMPLE, initial=20, label=later("oversight.sample_size")
    )

    def events(self) -> list[str]:
        return _named(self.cleaned_data["event"])


class FindingForm(forms.Form):
    text = forms.CharField(
        max_length=500,
        label=later("oversight.finding_text"),
        help_text=later("oversight.finding_help"),
        widget=forms.Textarea({"rows": 3}),
    )


class OutcomeForm(forms.Form):
    outcome = forms.CharField(
        max_length=500, label=later("oversight.outcome"), widget=forms.Textarea({"rows": 2})
    )


class ResolutionForm(forms.Form):
    number = forms.CharField(
        max_length=20,
        label=later("oversight.number"),
        help_text=later("oversight.number_help"),
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "tel"}),
    )
    reason = forms.ChoiceField(
        choices=[(r.value, later(f"oversight_reason.{r.value}")) for r in Reason],
        label=later("oversight.reason"),
    )


class HoldForm(forms.Form):
    """The last day, in the service's time zone, is kept to its end."""

    subject_ref = forms.UUIDField(
        label=later("oversight.subject"), help_text=later("oversight.subject_help")
    )
    reason = forms.ChoiceField(
        choices=[(r.value, later(f"oversight_reason.{r.value}")) for r in HoldReason],
        label=later("oversight.reason"),
    )
    until = forms.DateField(
        label=later("oversight.last_day"),
        help_text=later("oversight.within_a_year"),
        widget=forms.DateInput({"type": "date"}),
    )

    def clean_until(self) -> datetime:
        zone = ZoneInfo(Installation.objects.get().time_zone)
        day = self.cleaned_data["until"] + timedelta(days=1)
        until = datetime.combine(day, time(), zone)
        if not timedelta(0) < until - clock.now() < LONGEST:
            raise forms.ValidationError(words("oversight.within_a_year"))
        return until

    def wanted(self) -> dict[str, Any]:
        """Of a valid form."""
        return dict(self.cleaned_data)
