"""No sequence of questions tells an asker what became of one that was not answered.

Two numbers live through the same questions of the same two organisations. For one of them nothing
came of the early ones for this reason, for the other for that; then both are people who may be
asked and would agree. What the organisations see of the early questions must be the same, and so
must be which of the late ones reach the person, for that is what an answer would show.
"""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consent import gate, services
from consent.models import Block, Consent, Pause
from consent.services import choices
from core.numbers import number_index
from sms_gateway.services import opt_in, opt_out
from subscribers import selectors as subscribers
from subscribers.services import identify
from tests.integration.inquiry.employers import Employer, outcome
from tests.integration.inquiry.talk import Service
from verification.services import asking

pytestmark = pytest.mark.django_db(transaction=True)

SILENT = (
    "unknown", "no_subscription", "opted_out", "blocked", "paused", "refuses", "ignores", "no_data"
)  # fmt: skip
PLACES = (["330100"], ["310000"], ["320500"], ["330100", "310000"], ["TH"])
#: Who asks, about which places, how many hours later the next one comes, and whether by a sharing
#: code that the holder of the number has just made.
Step = tuple[int, list[str], int, bool]
STEPS = st.tuples(
    st.sampled_from([0, 1]),
    st.sampled_from(PLACES),
    st.sampled_from([0, 2, 25, 24 * 15]),
    st.booleans(),
)
WEB_SEES = (
    "SELECT org_ref, purpose, question, places, days, kept_days, asked_by, is_test, reference,"
    " cancelled_at, closes_at - asked_at"
    " FROM consent_request WHERE id = ANY (%s) ORDER BY asked_at, id"
)


class Life:
    """A number for which nothing comes of any question, for one reason, until it is `willing`."""

    def __init__(self, service: Service, why: str) -> None:
        self.service, self.why = service, why
        self.world = service.world
        self.number = self.world.number()
        self.index = number_index(self.number)
        self.requests: list[uuid.UUID] = []
        self.tenure: uuid.UUID | None = None
        if why == "no_subscription":
            self.tenure = identify(inbound=self.world.text(self.number)).id
        elif why != "unknown":
            self.tenure = self.world.subscribe(self.number)
        if why == "opted_out":
            opt_out(number_index=self.index, word="STOP", inbound_id=1)
        elif why == "paused":
            until = service.now() + timedelta(days=90)
            Pause.objects.create(tenure_id=self.tenure, until=until)

    def asked(self, employer: Employer, places: list[str], *, by_code: bool) -> bool:
        """Whether a question reaches the person."""
        if self.why == "blocked" and self.tenure is not None:
            Block.objects.get_or_create(
                tenure_id=self.tenure,
                org_ref=employer.id,
                defaults={"id": uuid.uuid4(), "blocked_at": self.service.now()},
            )
        cities = [code for code in places if code.isdigit()]
        countries = [code for code in places if not code.isdigit()]
        whom = {"code": self.shares()} if by_code else {"number": self.number}
        request = employer.ask(**whom, cities=cities, countries=countries)
        self.requests.append(request)
        self.service.queue.waiting.clear()
        asking.consider(request)
        reached = outcome(self.service, request) == "asked"
        if self.why == "refuses":
            self.refuse(request)
        elif self.why == "no_data" and reached:
            self.agree_without_data()
        return reached

    def shares(self) -> str:
        holder = subscribers.current(self.index)
        assert holder is not None
        choices.withdraw_codes(number_index=self.index)
        return choices.share(inbound=self.world.text(self.number, "SHARE"), tenure=holder)[0]

    def agree_without_data(self) -> None:
        """OK, claim, fetch, and nothing is there."""
        self.world.refresh("subscriptions")
        self.service.work()
        assert self.service.arrived(self.number)
        assert len(self.service.say(self.number, f"OK {self.service.last_code}")) == 1
        assert Consent.objects.filter(end_reason="no_data").exists()

    def refuse(self, request: uuid.UUID) -> None:
        consent = Consent.objects.filter(cause=f"request:{request}").first()
        if consent is not None:
            services.withdraw(inbound=self.world.text(self.number, "NO"), consent_id=consent.id)

    def become_willing(self) -> None:
        if self.why == "unknown":
            self.tenure = self.world.subscribe(self.number)
        elif self.why == "no_subscription" and self.tenure is not None:
            self.world.end_tenure(self.tenure)
            self.tenure = self.world.subscribe(self.number, since=self.service.now())
        elif self.why == "opted_out":
            opt_in(number_index=self.index, inbound_id=2)
        holder = subscribers.current(self.index)
        assert holder is not None
        Block.objects.filter(tenure_id=holder.id).delete()
        Pause.objects.filter(tenure_id=holder.id).delete()
        self.why = ""

    def later(self, hours: int) -> None:
        """So many hours pass for the requests about this number."""
        self.world.superuser.execute(
            "UPDATE consent_request SET asked_at = asked_at - %(by)s, closes_at = closes_at"
            " - %(by)s, considered_at = considered_at - %(by)s WHERE id = ANY (%(ids)s)",
            {"by": timedelta(hours=hours), "ids": self.requests},
        )
        gate.expire_due()

    def seen(self, employers: tuple[Employer, Employer]) -> list[Any]:
        """What the web process shows and can read."""
        told = [employers[0].sees(request) for request in self.requests]
        with self.service.as_role("web"), connection.cursor() as cursor:
            cursor.execute(WEB_SEES, [self.requests])
            return [told, cursor.fetchall()]


def history(
    service: Service,
    employers: tuple[Employer, Employer],
    why: str,
    early: list[Step],
    late: list[Step],
) -> tuple[list[Any], list[bool]]:
    life = Life(service, why)
    for who, places, hours, by_code in early:
        life.asked(employers[who], places, by_code=by_code)
        life.later(hours)
    seen = life.seen(employers)
    life.become_willing()
    reached = []
    for who, places, hours, by_code in late:
        reached.append(life.asked(employers[who], places, by_code=by_code))
        life.refuse(life.requests[-1])
        life.later(hours)
    return seen, reached


@settings(
    max_examples=5,
    phases=[Phase.generate],  # each example is a few seconds of a real database
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(
    st.lists(STEPS, min_size=1, max_size=3),
    st.lists(STEPS, min_size=1, max_size=2),
    st.lists(st.sampled_from(SILENT), min_size=2, max_size=2, unique=True),
)
def test_two_silences_look_alike_then_and_later(
    service: Service,
    early: list[Step],
    late: list[Step],
    why: list[str],
) -> None:
    employers = Employer(service), Employer(service, "Hill Works Ltd")
    if "unknown" in why:  # nobody is there to make a code
        early = [(who, places, hours, False) for who, places, hours, _ in early]
    assert history(service, employers, why[0], early, late) == history(
        service, employers, why[1], early, late
    )


def test_every_silence_ends_at_the_same_moment_and_cools_down_alike(service: Service) -> None:
    employers = Employer(service), Employer(service, "Hill Works Ltd")
    early = [(0, ["330100"], 2, False)]
    late = [(0, ["330100"], 23, False), (0, ["310000"], 0, True), (1, ["TH"], 0, False)]
    histories = [history(service, employers, why, early, late) for why in SILENT]
    assert all(one == histories[0] for one in histories)
    assert histories[0][0][0] == ["open"]
    assert histories[0][1] == [False, False, True]
