"""Subscription files to tenures: what is taken, what is refused, what never comes back."""

from datetime import timedelta

from django.db import connection
from pytest_django import Settings

from core import clock
from core.models import Feed
from subscribers import ids
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service

SINCE = "2020-01-01T00:00:00Z"
ENDED = "2021-01-01T00:00:00Z"


def tenures(service: Service) -> list[tuple[object, ...]]:
    return service.superuser.execute(
        "SELECT id, valid_from, valid_to, imsi_index IS NOT NULL, subscriber_ref"
        " FROM subscribers_tenure ORDER BY valid_from, id"
    ).fetchall()


def test_the_same_file_twice_changes_nothing(service: Service) -> None:
    assert service.subscribe(made.open_subscriptions(5)).added == 5
    before = tenures(service)
    assert service.subscribe(made.open_subscriptions(5)).unchanged == 5
    assert tenures(service) == before
    assert Feed.objects.get(name="subscriptions").refreshed_at <= clock.now()


def test_a_changed_end_closes_the_tenure_and_frees_the_number(service: Service) -> None:
    service.subscribe([(made.msisdn(0), made.imsi(0), SINCE, "")])
    report = service.subscribe(
        [
            (made.msisdn(0), made.imsi(1), ENDED, ""),
            (made.msisdn(0), made.imsi(0), SINCE, ENDED),
        ]
    )
    assert (report.changed, report.added, report.rejected) == (1, 1, {})
    old, new = tenures(service)
    assert old[2] == new[1]
    assert old[4] != new[4]


def test_an_ended_tenure_is_not_reopened(service: Service) -> None:
    service.subscribe([(made.msisdn(0), made.imsi(0), SINCE, ENDED)])
    before = tenures(service)
    report = service.subscribe([(made.msisdn(0), made.imsi(0), SINCE, "")])
    assert report.rejected == {"would reopen an ended tenure": 1}
    assert tenures(service) == before


def test_bad_rows_are_named_with_what_they_hold(service: Service) -> None:
    report = service.subscribe(
        [
            (made.msisdn(0), made.imsi(0), SINCE, ""),
            ("12", made.imsi(1), SINCE, ""),
            (made.msisdn(2), "46000x", SINCE, ""),
            (made.msisdn(3), made.imsi(3), "soon", ""),
            (made.msisdn(4), made.imsi(4), SINCE, "later"),
            (made.msisdn(5), made.imsi(5), ENDED, SINCE),
            (made.msisdn(0), made.imsi(6), ENDED, ""),
            (made.msisdn(7), made.imsi(0), ENDED, ""),
        ]
    )
    assert report.added == 1
    assert sum(report.rejected.values()) == 7
    assert report.reject_file is not None
    assert report.reject_file.stat().st_mode & 0o077 == 0
    listed = [line.split(",") for line in report.reject_file.read_text().splitlines()[1:]]
    assert [int(line) for _, line, *_ in listed] == list(range(3, 10))
    assert listed[0][3:] == ["12", made.imsi(1), SINCE, ""]


def test_an_overlap_with_a_known_tenure_is_refused(service: Service) -> None:
    service.subscribe([(made.msisdn(0), made.imsi(0), SINCE, "")])
    report = service.subscribe([(made.msisdn(1), made.imsi(0), ENDED, "")])
    assert report.rejected == {
        "names another holder: the known one is not answered until its row is closed": 1
    }
    assert len(tenures(service)) == 1


def test_an_erased_person_does_not_come_back_with_a_file(service: Service) -> None:
    service.subscribe(made.open_subscriptions(2))
    erase(service, 0)
    report = service.subscribe(made.open_subscriptions(2))
    assert (report.erased, report.unchanged, report.added) == (1, 1, 0)
    assert len(tenures(service)) == 1


def test_a_number_that_texted_first_gets_its_imsi(service: Service) -> None:
    waiting = clock.now() - timedelta(hours=1)
    service.superuser.execute(
        "INSERT INTO subscribers_tenure (id, msisdn_index, subscriber_ref, subject_ref,"
        " valid_from, language) VALUES (gen_random_uuid(), %s, gen_random_uuid(),"
        " gen_random_uuid(), %s, '')",
        [number_index(0), waiting],
    )
    (before,) = tenures(service)
    assert service.subscribe(made.open_subscriptions(1)).changed == 1
    (after,) = tenures(service)
    assert (after[0], after[3], after[4]) == (before[0], True, before[4])


def test_no_table_holds_a_number_or_an_imsi(service: Service) -> None:
    service.subscribe(made.open_subscriptions(2))
    rows = service.superuser.execute("SELECT t::text FROM subscribers_tenure t").fetchall()
    for phone in range(2):
        for secret in (made.imsi(phone), made.msisdn(phone)[1:]):
            assert secret not in str(rows)
            assert secret.encode().hex() not in str(rows)


def number_index(phone: int) -> bytes:
    from core.numbers import number_index as index

    return index(made.msisdn(phone))


def erase(service: Service, phone: int) -> None:
    """What gate.erase does of it, without the conversation."""
    reference = service.reference(phone)
    service.superuser.execute(
        "INSERT INTO subscribers_tombstone (imsi_index, subscriber_ref, erased_at)"
        " SELECT imsi_index, subscriber_ref, core.now() FROM subscribers_tenure"
        " WHERE subscriber_ref = %s",
        [reference],
    )
    for table in ("signaling_staypoint", "signaling_coverage", "subscribers_tenure"):
        service.superuser.execute(f"DELETE FROM {table} WHERE subscriber_ref = %s", [reference])


def test_a_load_into_a_small_table_does_not_go_through_all_of_it_for_each_row(
    service: Service,
) -> None:
    """Plans made while the table is small must still be good for the millionth row."""
    rows = 1_000
    service.subscribe(made.open_subscriptions(3))
    service.superuser.execute("VACUUM ANALYZE subscribers_tenure")
    before = scanned(service)
    service.subscribe(made.open_subscriptions(rows))
    assert scanned(service) - before < 20 * rows


def scanned(service: Service) -> int:
    """Rows of tenures that were read by going through the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    row = service.superuser.execute(
        "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'subscribers_tenure'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_the_end_of_an_id_is_kept_only_where_it_is_asked_for_and_never_as_it_is(
    service: Service, settings: Settings
) -> None:
    rows = [(made.msisdn(0), made.imsi(0), SINCE, "")]
    service.subscribe(rows)
    kept = "SELECT msisdn_index, valid_from, id_digest FROM subscribers_tenure"
    assert service.superuser.execute(kept).fetchall()[0][2] is None
    settings.ID_CHECK = True
    assert service.subscribe(rows).unchanged == 1
    index, since, digest = service.superuser.execute(kept).fetchall()[0]
    assert digest == ids.digest(index, since, made.ID_LAST4)
    assert made.ID_LAST4.encode() not in digest
