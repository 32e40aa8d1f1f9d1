from django.urls import path

from sms_gateway.providers.sandbox import views

app_name = "sandbox"
urlpatterns = [
    path("", views.page, name="page"),
    path("phones", views.phones, name="phones"),
    path("texts", views.texts, name="texts"),
    path("reports", views.reports, name="reports"),
]
