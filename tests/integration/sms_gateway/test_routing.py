"""Which provider a text goes through, and what becomes of one that fails."""

import uuid
from collections import Counter

import pytest
from django.db import connection
from pytest_django import Settings

from audit.models import Entry
from core.numbers import number_index
from sms_gateway import providers, selectors, services
from sms_gateway.checks import routes_are_known
from sms_gateway.models import (
    Incident,
    OutboundMessage,
    ProviderCall,
    ProviderState,
    Reason,
    SandboxText,
    State,
    Switch,
    Why,
)
from sms_gateway.providers import Failure, FailureKind
from sms_gateway.services import routing
from tests.integration.sms_gateway.conftest import AsRole, Later, Queue, address, send_text

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = uuid.uuid4()


@pytest.fixture(autouse=True)
def two_routes(settings: Settings) -> None:
    settings.SMS_ROUTES = "sandbox:3 sandbox_b:1"


class FailingError(Exception):
    pass


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of providers that take nothing."""
    names: set[str] = set()
    for name in ("sandbox", "sandbox_b"):
        provider = providers.get(name)

        def send(text: object, *, name: str = name, take: object = provider.send) -> object:
            if name in names:
                raise FailingError
            return take(text)  # type: ignore[operator]

        monkeypatch.setattr(provider, "send", send)
        monkeypatch.setattr(provider, "classify", lambda _: Failure(FailureKind.TEMPORARY, "down"))
    return names


def drawn(number: str = "+8613800000001", times: int = 400) -> Counter[str]:
    index = number_index(number)
    return Counter(routing.choose(number, number_index=index).name for _ in range(times))


def send_some(count: int, queue: Queue, prefix: str) -> None:
    for n in range(count):
        send_text(cause=f"{prefix}:{n}", number=f"+86138{ord(prefix[0])}001{n:02}")
    queue.run()


def shares() -> dict[str, int]:
    return dict(ProviderState.objects.values_list("provider", "share"))


def log() -> list[str]:
    events = Entry.objects.filter(event__startswith="gateway.").order_by("id")
    return list(events.values_list("event", flat=True))


def test_by_weight_and_by_country(settings: Settings) -> None:
    counts = drawn()
    assert set(counts) == {"sandbox", "sandbox_b"}
    assert 220 < counts["sandbox"] < 380
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:1:852,8610"
    assert set(drawn("+85291234567", 20)) == {"sandbox_b"}
    assert set(drawn("+861012345678", 20)) == {"sandbox_b"}
    assert set(drawn(times=20)) == {"sandbox"}
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:0"  # a standby
    assert set(drawn(times=20)) == {"sandbox"}
    me = address()
    standby = routing.choose(me.number, number_index=me.number_index, failed_at="sandbox")
    assert standby.name == "sandbox_b"
    assert routes_are_known(None) == []
    settings.SMS_ROUTES = "pigeons:1"
    assert "pigeons" in routes_are_known(None)[0].msg


def test_what_failed_at_one_goes_through_the_other(
    queue: Queue, failing: set[str], later: Later, settings: Settings
) -> None:
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:0"
    failing.add("sandbox")
    row = send_text()
    queue.run()
    later(10)
    services.sweep()
    queue.run()
    row.refresh_from_db()
    assert (row.state, row.provider) == (State.SENT, "sandbox_b")
    calls = ProviderCall.objects.filter(outbound_id=row.id).order_by("id")
    assert list(calls.values_list("provider", "outcome", "code")) == [
        ("sandbox", "temporary", "down"),
        ("sandbox_b", "accepted", ""),
    ]
    assert SandboxText.objects.count() == 1


def test_one_that_fails_is_cut_off_and_comes_back_little_by_little(
    queue: Queue, failing: set[str], later: Later, settings: Settings
) -> None:
    services.watch()
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:0"
    failing.add("sandbox")
    send_some(4, queue, "few")
    services.watch()
    assert shares() == {"sandbox": 100, "sandbox_b": 100}  # four calls say nothing
    send_some(6, queue, "more")
    services.watch()
    services.watch()
    assert shares() == {"sandbox": 0, "sandbox_b": 100}
    assert set(drawn(times=20)) == {"sandbox_b"}
    incident = Incident.objects.get()
    assert (incident.provider, incident.why, incident.closed_at) == ("sandbox", Why.FAILING, None)
    assert log() == ["gateway.incident_opened", "gateway.switched"]

    later(200)
    services.watch()
    assert shares()["sandbox"] == 0  # not before it has had its rest
    failing.clear()
    later(310)
    services.watch()
    services.watch()
    assert shares()["sandbox"] == 10  # one step, whoever looks how often
    for minute in range(9):
        later(310 + 61 * (minute + 1))
        services.watch()
    assert shares()["sandbox"] == 100
    later(1000)
    send_some(3, queue, "well")
    services.watch()
    incident.refresh_from_db()
    assert incident.closed_at is not None
    assert log()[-1] == "gateway.incident_closed"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_entry WHERE event = 'gateway.switched'")
        assert cursor.fetchone() == (11,)


def test_the_last_one_is_never_cut_off(queue: Queue, failing: set[str], settings: Settings) -> None:
    settings.SMS_ROUTES = "sandbox:1"
    failing.add("sandbox")
    send_some(6, queue, "all")
    services.watch()
    assert shares() == {"sandbox": 100}
    assert Incident.objects.filter(closed_at=None).count() == 1


def test_an_operator_pins_one_and_lets_go(as_role: AsRole) -> None:
    with as_role("web"):
        services.pin(provider="sandbox_b", by_ref=OPERATOR)
        services.pin(provider="sandbox_b", by_ref=OPERATOR)
        assert Switch.objects.get().by_ref == OPERATOR
    assert set(drawn(times=20)) == {"sandbox_b"}
    with as_role("web"):
        services.pin(provider="sandbox", by_ref=OPERATOR)
    assert set(drawn(times=20)) == {"sandbox"}
    with as_role("web"):
        services.pin(provider=None, by_ref=OPERATOR)
    assert len(drawn()) == 2
    assert log() == ["gateway.switched"] * 4
    assert OutboundMessage.objects.count() == 0


@pytest.fixture
def blocking(failing: set[str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of providers that say of everybody that they said STOP there."""
    blocked = Failure(FailureKind.PERMANENT, "21610", opted_out=True)
    for name in ("sandbox", "sandbox_b"):
        monkeypatch.setattr(providers.get(name), "classify", lambda _: blocked)
    return failing


def went_through(queue: Queue) -> tuple[str, str, str]:
    """(state, reason, provider) of a text that is sent now."""
    row = send_text()
    queue.run()
    row.refresh_from_db()
    return row.state, row.reason, row.provider


def test_a_block_is_a_stop_to_everything_until_a_start(
    queue: Queue, blocking: set[str], settings: Settings, as_role: AsRole
) -> None:
    """Whichever sender it was said to. A START to another sender brings texts from that one, and
    one to the same sender brings both back."""
    settings.SMS_ROUTES = "sandbox:1 sandbox_b:0"
    me = {"number_index": address().number_index}
    blocking.add("sandbox")
    blocked = (State.SUPPRESSED, Reason.OPTED_OUT)
    assert went_through(queue) == (*blocked, "sandbox")
    assert went_through(queue) == (*blocked, ""), "not from the other sender either"
    services.opt_in(**me, inbound_id=1, provider="sandbox_b")
    assert went_through(queue) == (State.SENT, "", "sandbox_b")
    with as_role("web"):
        services.pin(provider="sandbox", by_ref=OPERATOR)
    assert went_through(queue) == (State.SENT, "", "sandbox_b"), "a pin does not end a block"
    services.opt_in(**me, inbound_id=2, provider="sandbox")
    blocking.clear()
    assert went_through(queue) == (State.SENT, "", "sandbox")


def test_a_block_that_is_known_is_no_new_stop(
    queue: Queue, blocking: set[str], settings: Settings
) -> None:
    """It is older than the START. Where there is no other sender, it is asked each time."""
    settings.SMS_ROUTES = "sandbox"
    blocking.add("sandbox")
    went_through(queue)
    services.opt_in(number_index=address().number_index, inbound_id=1, provider="sandbox_b")
    assert went_through(queue) == (State.SUPPRESSED, Reason.OPTED_OUT, "sandbox")
    assert not selectors.is_opted_out(number_index=address().number_index)
