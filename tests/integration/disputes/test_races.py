"""What happens to a case while somebody looks at it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from psycopg import errors

from consent import gate as consent_gate
from disputes import selectors
from tests.integration.consent.world import World
from tests.integration.disputes.cases import Cases
from tests.integration.disputes.test_gate import EVIDENCE, look

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[[str], psycopg.Connection]
Role = Callable[[str], AbstractContextManager[None]]


def test_stop_while_an_operator_looks(
    world: World, cases: Cases, connect_as: Connect, as_role: Role
) -> None:
    """Whoever locks the consent first is first: what is seen was seen before the withdrawal."""
    case, operator = cases.open(), cases.operator()
    look(world, as_role, case, operator)
    stopping, looking = connect_as("worker"), connect_as("web")
    stop = world.text(case.person.number, "STOP").id
    stopping.execute("SELECT gate.withdraw_all(%s)", [stop])  # not committed yet
    looking.execute("SET lock_timeout = '300ms'")
    looking.commit()
    with pytest.raises(errors.LockNotAvailable):
        looking.execute(EVIDENCE, [case.id, operator])
    looking.rollback()
    stopping.commit()
    assert looking.execute(EVIDENCE, [case.id, operator]).fetchall() == []
    decided = looking.execute(
        "SELECT gate.dispute_decide(%s, %s, 'rejected', 'phone_alone')", [case.id, operator]
    ).fetchone()
    assert decided == ("over",)
    looking.commit()
    assert cases.state(case) == ("ended", "stop")


def test_the_number_changes_hands_while_it_is_looked_at(
    world: World, cases: Cases, as_role: Role
) -> None:
    case, operator = cases.open(), cases.operator()
    look(world, as_role, case, operator)
    world.end_tenure(case.person.tenure.id)
    with as_role("web"):
        assert selectors.seen_by(operator_ref=operator, dispute_id=case.id) == []
    consent_gate.expire_due()
    assert cases.state(case) == ("ended", "tenure_ended")
