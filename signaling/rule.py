"""The published rule (docs/rule.md): its version, its parameters and its one SQL text."""

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

VERSION = "1"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the rule can be set to; durations in milliseconds, shares of a span in percent.

    `max_absence` must be shorter than `minimum_stay`: only then is it safe to drop a spell that
    lies inside a spell of another city.
    """

    max_silence: int = 24 * HOUR_MS
    max_padding: int = 30 * MINUTE_MS
    max_absence: int = 3 * HOUR_MS
    minimum_stay: int = 4 * HOUR_MS
    firm_percent: int = 60
    border_percent: int = 40

    def __post_init__(self) -> None:
        if min(self.max_silence, self.max_absence, self.minimum_stay) <= 0 or self.max_padding < 0:
            raise ValueError("the rule's parameters are positive durations")
        if not 0 < self.border_percent <= 50 <= self.firm_percent < 100:
            raise ValueError("shares are percentages: border at most 50, firm at least 50")
        if self.max_absence >= self.minimum_stay:
            raise ValueError("max_absence must be shorter than minimum_stay")


def sql(parameters: Parameters) -> str:
    """The rule as one SELECT over `sightings(subscriber, t, place)` and `places`.

    Yields subscriber, city, alt_city, start_ms, end_ms: stays of every length, half-open, in epoch
    milliseconds. It runs unchanged on DuckDB and on Spark SQL.
    """
    text = (Path(__file__).parent / "rule.sql").read_text(encoding="utf-8")
    return Template(text).substitute(asdict(parameters))
