"""The published rule (docs/rule.md): its version, its parameters and its one SQL text."""

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Final

VERSION = "2"
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
LONGEST_LOCAL_DAY: Final = 25 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the rule can be set to; durations in milliseconds, shares in percent, speed in km/h."""

    max_silence: int = 26 * HOUR_MS
    max_speed: int = 1000
    near_window: int = 6 * HOUR_MS
    near_percent: int = 70
    wide_window: int = 12 * HOUR_MS
    wide_percent: int = 60
    alone: int = 8 * HOUR_MS
    padding: int = 30 * MINUTE_MS
    padding_part: int = 3
    max_padding: int = 2 * HOUR_MS
    max_absence: int = 3 * HOUR_MS
    minimum_stay: int = 4 * HOUR_MS

    def __post_init__(self) -> None:
        if min(asdict(self).values()) <= 0:
            raise ValueError("the rule's parameters are positive")
        if self.max_silence < LONGEST_LOCAL_DAY:
            raise ValueError("max_silence must not be shorter than the longest day, 25 hours")
        if not self.near_window <= self.wide_window <= 24 * HOUR_MS - self.alone:
            # Only then does no verdict on a run that reaches into a day look back beyond the day
            # before: either the run began so late, or it is so long that it speaks for itself.
            # Where much of that day before is silent, what is left of a run may be too short to.
            raise ValueError("near_window must not exceed wide_window, nor that and alone a day")
        if not (50 < self.near_percent <= 100 and 50 < self.wide_percent <= 100):
            raise ValueError("near_percent and wide_percent must be more than half")
        if self.max_padding < self.padding:
            raise ValueError("max_padding must not be shorter than padding")
        if self.max_absence >= self.minimum_stay:
            # Only then does dropping a spell that lies inside a spell of another city lose no
            # presence of the minimum without a break; a spell made of several can be as long.
            raise ValueError("max_absence must be shorter than minimum_stay")


def sql(parameters: Parameters) -> str:
    """The rule as one SELECT over `sightings(subscriber, t, place)` and `places`.

    Yields subscriber, city, alt_city, start_ms, end_ms: stays of every length, half-open, in epoch
    milliseconds. It runs unchanged on DuckDB and on Spark SQL.
    """
    text = (Path(__file__).parent / "rule.sql").read_text(encoding="utf-8")
    return Template(text).substitute(asdict(parameters))
