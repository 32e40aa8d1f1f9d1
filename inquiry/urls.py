"""Addresses for the people the service answers."""

from django.urls import path

from inquiry import views

app_name = "people"
urlpatterns = [path("", views.home, name="home")]
