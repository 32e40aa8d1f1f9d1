"""Addresses of people who did not come to belong do not stay."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import DatabaseError, connection

from core import clock
from organisations import tasks
from organisations.catalogue import Role, Status
from organisations.services import members, registration
from organisations.services.retention import KEPT
from tests.factories import people

pytestmark = pytest.mark.usefixtures("web")


def test_old_invitations_and_applications_go_and_nothing_else(
    as_role: Callable[[str], Any], superuser: psycopg.Connection
) -> None:
    with as_role("owner"):
        operator = people.operator()
    start = clock.now()
    with time_machine.travel(start, tick=False) as at:
        owner = people.member(people.organisation("Stays"), "owner@employer.example")
        members.invite(by=owner, email="never@employer.example", role=Role.VIEWER)
        people.organisation("Never decided", status=Status.APPLIED)
        declined = people.organisation("Declined", status=Status.APPLIED)
        ended = people.organisation("Ended")
        at.shift(timedelta(days=1))
        for one in (declined, ended):
            registration.close(organisation_id=one.id, by=operator)

    def left_at(moment: Any) -> set[str]:
        with time_machine.travel(moment, tick=False), as_role("worker"):
            tasks.forget()
        names = superuser.execute("SELECT name FROM organisations_organisation").fetchall()
        invited = superuser.execute("SELECT email FROM organisations_invitation").fetchall()
        return {value for (value,) in names + invited}

    all_of_them = {"Stays", "Never decided", "Declined", "Ended", "never@employer.example"}
    assert left_at(start + KEPT) == all_of_them
    later = start + KEPT + timedelta(microseconds=1)
    assert left_at(later) == {"Stays", "Declined", "Ended"}
    assert left_at(later + timedelta(days=1)) == {"Stays", "Ended"}
    refused = pytest.raises(DatabaseError, match="cannot be changed or deleted")
    with as_role("worker"), connection.cursor() as cursor, refused:
        cursor.execute("DELETE FROM organisations_organisation WHERE name = 'Ended'")
