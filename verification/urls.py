"""Addresses that anybody may use without a log-in."""

from datetime import date

from django.urls import path, register_converter

from verification.views import public as views


class DayConverter:
    """A calendar day as 2026-11-23, in that one spelling."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path(".well-known/jwks.json", views.keys, name="keys"),
    path("answers/status/<day:day>", views.status, name="answer-status"),
    path("verify/", views.verify, name="verify"),
]
