from collections.abc import Sequence
from typing import Any

from django import forms

from core.pages import later, words
from disputes import reasons


def choices(values: Sequence[str]) -> list[tuple[str, Any]]:
    return [(value, later(f"dispute_reason.{value}")) for value in values]


class ErrorForm(forms.Form):
    """It was an error: why, and what stands there instead."""

    instead = forms.ChoiceField(label=later("disputes.instead"), widget=forms.RadioSelect)
    reason = forms.ChoiceField(
        label=later("disputes.reason"),
        choices=choices(reasons.CONFIRMED),
        widget=forms.RadioSelect,
    )

    prefix = "error"

    def __init__(self, data: Any, *, cities: Sequence[str]) -> None:
        """`cities`: names of the two it may have been, in the order of their codes, or of one."""
        super().__init__(data)
        offered: list[tuple[str, Any]] = [(reasons.DROPPED, words("disputes.dropped"))]
        if len(cities) > 1:
            named = zip(reasons.INSTEAD, cities, strict=True)
            offered += [(value, words("disputes.it_was", city=city)) for value, city in named]
        field = self.fields["instead"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = offered
        if len(offered) == 1:
            field.initial = reasons.DROPPED


class NoErrorForm(forms.Form):
    """It was none: why."""

    prefix = "none"

    reason = forms.ChoiceField(
        label=later("disputes.reason"),
        choices=choices(reasons.REJECTED),
        widget=forms.RadioSelect,
    )
