from django.urls import path

from organisations.views import operations

app_name = "operations"
urlpatterns = [
    path("organisations/", operations.organisations, name="organisations"),
    path("organisations/<uuid:organisation_id>/", operations.organisation, name="organisation"),
    path("organisations/<uuid:organisation_id>/<str:what>/", operations.act, name="act"),
]
