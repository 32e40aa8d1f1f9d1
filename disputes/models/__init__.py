from disputes.models.dispute import Dispute, Evidence, Look, State
from disputes.models.last_visits import LastVisits
from disputes.models.override import Override

__all__ = ["Dispute", "Evidence", "LastVisits", "Look", "Override", "State"]
