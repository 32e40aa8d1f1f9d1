from subscribers.models.tenure import Tenure
from subscribers.models.tombstone import Tombstone

__all__ = ["Tenure", "Tombstone"]
