from django.urls import path, register_converter
from django.urls.converters import IntConverter

from oversight.views import exports, holds, log, resolutions, reviews, state


class EntryConverter(IntConverter):
    """An id that the database can have."""

    regex = "[0-9]{1,18}"


register_converter(EntryConverter, "entry")
app_name = "oversight"
urlpatterns = [
    path("", log.entries, name="entries"),
    path("entries/<entry:entry_id>/", log.entry, name="entry"),
    path("entries/<entry:entry_id>/proof", log.proof, name="proof"),
    path("entries/<entry:entry_id>/finding/", reviews.note, name="note"),
    path("entries/named/<uuid:entry_uuid>/", log.related, name="related"),
    path("state/", state.state, name="state"),
    path("patterns/", state.patterns, name="patterns"),
    path("reviews/", reviews.samples, name="samples"),
    path("reviews/<uuid:sample_id>/", reviews.sample, name="sample"),
    path("reviews/<uuid:sample_id>/<entry:entry_id>/", reviews.sampled_entry, name="sampled_entry"),
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
