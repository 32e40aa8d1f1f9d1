"""Addresses of a person's own page. None of them says whose it is."""

from django.urls import path

from subject_access import views

app_name = "own_page"
urlpatterns = [
    path("", views.begin, name="begin"),
    path("code/", views.code, name="code"),
    path("record/", views.record, name="record"),
    path("record/<slug:part>/", views.record, name="part"),
    path("copy/<slug:form>/", views.copy, name="copy"),
    path("close/", views.close, name="close"),
]
