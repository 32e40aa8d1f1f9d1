"""What a person types: their number, and the code that came."""

from django import forms
from django.core.exceptions import ValidationError

from core.numbers import SenderKind, parse
from core.pages import later, words
from subject_access import codes


class NumberForm(forms.Form):
    number = forms.CharField(
        max_length=40,
        label=later("my_page.number"),
        help_text=later("my_page.number_help"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )

    def clean_number(self) -> str:
        number = parse(self.cleaned_data["number"])
        if number.kind is not SenderKind.MOBILE:
            raise ValidationError(words("my_page.not_a_number"))
        return number.address


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        label=later("my_page.code"),
        help_text=later("my_page.code_help"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        digits = codes.read(self.cleaned_data["code"])
        if digits is None:
            raise ValidationError(words("my_page.not_a_code"))
        return digits
