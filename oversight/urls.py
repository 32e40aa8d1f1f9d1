from django.urls import path

from oversight.views import exports, holds, log, resolutions, reviews, state

app_name = "oversight"
urlpatterns = [
    path("", log.entries, name="entries"),
    path("entries/<int:entry_id>/", log.entry, name="entry"),
    path("entries/<int:entry_id>/proof", log.proof, name="proof"),
    path("entries/<int:entry_id>/finding/", reviews.note, name="note"),
    path("entries/named/<uuid:entry_uuid>/", log.related, name="related"),
    path("state/", state.state, name="state"),
    path("patterns/", state.patterns, name="patterns"),
    path("reviews/", reviews.samples, name="samples"),
    path("reviews/<uuid:sample_id>/", reviews.sample, name="sample"),
    path("reviews/<uuid:sample_id>/<int:entry_id>/", reviews.sampled_entry, name="sampled_entry"),
    path("findings/<uuid:finding_id>/", reviews.finding, name="finding"),
    path("pseudonyms/", resolutions.resolutions, name="resolutions"),
    path("pseudonyms/<uuid:resolution_id>/", resolutions.resolution, name="resolution"),
    path("pseudonyms/<uuid:resolution_id>/<str:what>/", resolutions.decide, name="decide"),
    path("holds/", holds.holds, name="holds"),
    path("holds/<uuid:hold_id>/<str:what>/", holds.decide, name="decide_hold"),
    path("exports/", exports.begin, name="begin_export"),
    path("exports/<uuid:export_id>/", exports.export, name="export"),
    path("exports/<uuid:export_id>/content", exports.content, name="export_content"),
]
