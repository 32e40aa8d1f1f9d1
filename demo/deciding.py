"""The demo's operator looks at contested visits and decides one, with the services of their page.

`python -m demo.deciding CODE` runs as the web process: the newest open case whose visit was at the
city of this code turns out to be an error. Cases of other cities are looked at, and left open.
"""

import sys
import time
from typing import TYPE_CHECKING

import django
from django.conf import settings

from demo.employers import OPERATOR

if TYPE_CHECKING:  # models cannot be imported before django.setup()
    from accounts.models import User
    from disputes.models import Dispute

PATIENCE = 30.0  # seconds until a look that is not under a signed checkpoint counts as lost
LOOK_EVERY = 0.1


def decide(city_code: str) -> bool:
    """Whether there was such a case, and it was decided."""
    from accounts.models import User
    from disputes import reasons, selectors, services
    from disputes.models import State

    operator = User.objects.get(email=OPERATOR)
    for case in selectors.queue().order_by("-opened_at"):
        if city_code in cities(case, operator):
            outcome = services.decide(
                dispute_id=case.id,
                by=operator,
                outcome=State.CONFIRMED,
                reason=reasons.CONFIRMED[0],
                instead=reasons.DROPPED,
            )
            return outcome == "done"
    return False


def cities(case: "Dispute", operator: "User") -> tuple[str, ...]:
    """Those of the one visit, seen by the operator once their look is in the log for good."""
    from audit.selectors import checkpointed
    from disputes import selectors, services

    entry = services.look(dispute_id=case.id, by=operator)
    if entry is None:
        return ()  # it ended meanwhile
    deadline = time.monotonic() + PATIENCE
    while not checkpointed(entry) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    days = selectors.seen_by(operator_ref=operator.id, dispute_id=case.id)
    return days[0].cities if days else ()


def main(city_code: str) -> None:
    django.setup()
    if not settings.DEMO:
        sys.exit("what turns out to be an error is known beforehand in the demo alone")
    if not decide(city_code):
        sys.exit("there is no open case of this city")


if __name__ == "__main__":
    main(sys.argv[1])
