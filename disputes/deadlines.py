"""By when a case is decided."""

from datetime import date, timedelta

SATURDAY = 5


def due_on(today: date, last_day: date, *, working_days: int, window_days: int) -> date:
    """The local day by whose end a case asked for `today` is decided: so many working days (Monday
    to Friday) later, or the last day on which the visit still lies in the window, if that is
    sooner. `last_day` is the visit's last local day."""
    day = today
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < SATURDAY
    return min(day, last_day + timedelta(days=window_days))
