from django.urls import path

from organisations.views import operations, texts

app_name = "operations"
urlpatterns = [
    path("organisations/", operations.organisations, name="organisations"),
    path("organisations/<uuid:organisation_id>/", operations.organisation, name="organisation"),
    path("organisations/<uuid:organisation_id>/<str:what>/", operations.act, name="act"),
    path("texts/", texts.texts, name="texts"),
    path("texts/pin/", texts.pin, name="pin"),
    path("texts/unclear/", texts.unclear, name="unclear"),
    path("texts/unclear/<uuid:ref>/<str:what>/", texts.settle, name="settle"),
    path("texts/<uuid:ref>/", texts.text, name="text"),
    path("texts/<uuid:ref>/resend/", texts.resend, name="resend"),
]
