from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from verification.api import views
from verification.api import webhook_views as hooks

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("requests", views.RequestsView.as_view(), name="requests"),
    path("requests/search", views.SearchView.as_view(), name="search"),
    path("requests/<uuid:request_id>", views.RequestView.as_view(), name="request"),
    path("requests/<uuid:request_id>/cancel", views.CancelView.as_view(), name="cancel"),
    path("requests/<uuid:request_id>/answer", views.AnswerView.as_view(), name="answer"),
    path("usage", views.UsageView.as_view(), name="usage"),
    path("places", views.PlacesView.as_view(), name="places"),
    path("webhooks", hooks.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook_id>", hooks.OneWebhookView.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook_id>/rotate", hooks.RotateView.as_view(), name="rotate"),
    path(
        "webhooks/<uuid:webhook_id>/deliveries", hooks.DeliveriesView.as_view(), name="deliveries"
    ),
    re_path("", views.NothingHereView.as_view()),
]
