from datetime import date

import pytest

from disputes.deadlines import due_on

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("today", "last_day", "due"),
    [
        (MONDAY, date(2026, 11, 22), date(2026, 11, 30)),  # a weekend lies between
        (date(2026, 11, 27), date(2026, 11, 22), date(2026, 12, 4)),  # asked on a Friday
        (date(2026, 11, 28), date(2026, 11, 22), date(2026, 12, 4)),  # and on a Saturday
        (MONDAY, date(2026, 11, 12), date(2026, 11, 26)),  # leaves the window before
        (MONDAY, date(2026, 11, 9), MONDAY),  # tomorrow it is in no answer any more
    ],
)
def test_working_days_or_as_long_as_it_is_in_the_window(
    today: date, last_day: date, due: date
) -> None:
    assert due_on(today, last_day, working_days=5, window_days=14) == due
