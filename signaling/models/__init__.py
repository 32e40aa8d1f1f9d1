"""Stay-points and coverage have no model: nothing in Python may read them (sql/store.sql)."""

from signaling.models.city import City
from signaling.models.ingested_file import IngestedFile

__all__ = ["City", "IngestedFile"]
