"""Addresses for the people the service answers, and for who takes their calls."""

from django.urls import path

from inquiry.views import home, withdrawal

app_name = "people"
urlpatterns = [
    path("", home.home, name="home"),
    path("operations/withdraw/", withdrawal.withdraw, name="withdraw-by-phone"),
]
