"""Below `/audit/`, so that a log's address is its name: `<host>/audit/<year>`."""

from django.urls import re_path

from audit import views

urlpatterns = [
    re_path(r"^(?P<log>[0-9]{4})/checkpoint$", views.checkpoint),
    re_path(r"^logs$", views.logs),
    re_path(r"^(?P<log>[0-9]{4})/pruned$", views.pruned),
    re_path(r"^(?P<log>[0-9]{4})/tile/(?P<path>[^\n]+)$", views.tile),
]
