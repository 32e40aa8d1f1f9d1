"""How much is measured: FULL says what the figures mean, QUICK only proves that all of it works."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.signaling.generator import ZONE, Size


@dataclass(frozen=True)
class Sizes:
    """People × days for each purpose. About 100 events per person and day."""

    small: Size  # what the libraries for movement data can bear
    middle: Size  # what Spark on one machine can bear
    main: Size  # the figures: 30 million events
    large: Size  # memory, and whether time grows in proportion: 100 million
    city: int  # people of one day that goes through the whole service
    batch: int  # events of a batch after it
    rounds: int


FULL: Final = Sizes(
    small=Size(2_000, 14),
    middle=Size(7_143, 14),
    main=Size(21_429, 14),
    large=Size(71_429, 14),
    city=1_000_000,
    batch=350_000,
    rounds=3,
)
QUICK: Final = Sizes(
    small=Size(150, 14),
    middle=Size(300, 14),
    main=Size(1_000, 14),
    large=Size(3_000, 14),
    city=5_000,
    batch=5_000,
    rounds=1,
)


def city_day(parent: Path, people: int) -> Size:
    """One recent day: the service takes none that has left the window. A kept one is used again."""
    yesterday = datetime.now(UTC).astimezone(ZONE).date() - timedelta(days=1)
    for back in range(11):
        size = Size(people, 1, yesterday - timedelta(days=back))
        if (parent / size.name / "made.json").exists():
            return size
    return Size(people, 1, yesterday)


def day_after(size: Size) -> date:
    return size.end + timedelta(days=1)
