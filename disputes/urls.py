from django.urls import path

from disputes import views

app_name = "disputes"
urlpatterns = [
    path("disputes/", views.cases, name="cases"),
    path("disputes/<uuid:dispute_id>/", views.case, name="case"),
    path("disputes/<uuid:dispute_id>/look/", views.look, name="look"),
]
