"""Stay-points and coverage have no model: nothing in Python may read them (sql/store.sql)."""

from signaling.models.bucket import Bucket
from signaling.models.city import City
from signaling.models.day import Day
from signaling.models.ingest_total import IngestTotal
from signaling.models.ingested_file import IngestedFile

__all__ = ["Bucket", "City", "Day", "IngestTotal", "IngestedFile"]
