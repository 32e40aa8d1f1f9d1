"""The bars of speed: what the service does beside the floor, on the same servers in the same run.

`python -m bench.messages.throughput` measures this part alone. TEXTS: how many texts come at once.
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

from bench import results
from bench.messages import load
from bench.messages.world import World, world
from bench.results import Result, against

TEXT: Final = "TRIP"
WARM: Final = 200
#: Texts a burst, and seconds at half of the maximum; then the same, quick.
FULL: Final = (20_000, 60.0)
QUICK: Final = (500, 10.0)
#: A number is answered so many times in half an hour; some are left for what comes after.
PER_NUMBER: Final = 12
ACCEPTED, ANSWERED = 0.8, 0.5
WEBHOOK_P99, ANSWER_P50, ANSWER_P99 = 50.0, 500.0, 1_500.0  # ms

OUT_OF_ORDER: Final = """
SELECT count(*) FROM (
    SELECT handled_at < lag(handled_at) OVER (PARTITION BY number_index ORDER BY id) AS is_early
    FROM sms_gateway_inboundmessage) x WHERE is_early
"""
OVERTAKING: Final = """
SELECT count(*) FROM (
    SELECT sending_at < lag(sending_at) OVER (PARTITION BY number_index ORDER BY reply_to) AS early
    FROM sms_gateway_outboundmessage) x WHERE early
"""
ONCE: Final = """
SELECT count(*) FROM sms_gateway_inboundmessage i WHERE i.agrees_to IS NULL
    AND i.body_sealed IS NOT NULL AND (
    SELECT count(*) FROM consent_release r WHERE r.cause = 'inbound:' || i.id AND
        r.state = 'released') <> 1
"""


def measure(quick: bool) -> Iterator[Result]:
    texts, seconds = QUICK if quick else FULL
    texts = int(os.environ.get("TEXTS", texts))
    with world(max(texts // PER_NUMBER, WARM)) as here:
        with here.floor():
            floor = _burst(here, texts if quick else min(texts, 10_000))
        with here.service():
            ours = _burst(here, texts)
            yield against(
                "texts accepted, all at once / floor", ours.accepted, "per s", floor.accepted,
                least=ACCEPTED,
            )  # fmt: skip
            yield against(
                "texts answered / floor sends", ours.answered, "per s", floor.answered,
                least=ANSWERED,
            )  # fmt: skip
            yield from _books(here, ours)
            rate = ours.answered / 2
            yield from _at_half(here, rate, seconds)


def _burst(here: World, texts: int) -> load.Burst:
    here.loop.run(load.burst(here.carrier, here.numbers, WARM, TEXT))
    return here.loop.run(load.burst(here.carrier, here.numbers, texts, TEXT))


def _books(here: World, ours: load.Burst) -> Iterator[Result]:
    """What may not be, counted."""
    with here.database() as database:
        counts = {
            f"{ours.count:,} texts at once: errors": ours.errors,
            "not answered exactly once": _count(database.execute(ONCE).fetchone()),
            "handled out of a number's order": _count(database.execute(OUT_OF_ORDER).fetchone()),
        }
        for name, found in counts.items():
            yield Result(name, found, "texts", 0.0, None, found == 0)
        overtaking = _count(database.execute(OVERTAKING).fetchone())
        yield Result("answers that overtook an earlier one of their number", overtaking, "texts")


def _count(row: tuple[int, ...] | None) -> int:
    return row[0] if row else 0


def _at_half(here: World, rate: float, seconds: float) -> Iterator[Result]:
    found = here.loop.run(load.paced(here.carrier, here.numbers, rate, seconds, TEXT))
    yield Result("at half of the maximum: texts", rate, "per s")
    for name, took, share, limit in (
        ("webhook, p50", found.webhook, 0.5, None),
        ("webhook, p99 / limit", found.webhook, 0.99, WEBHOOK_P99),
        ("text to answer, p50 / limit", found.answer, 0.5, ANSWER_P50),
        ("text to answer, p99 / limit", found.answer, 0.99, ANSWER_P99),
    ):
        value = found.at(took, share) * 1e3
        holds = None if limit is None else value <= limit
        yield Result(name, value, "ms", limit, value / limit if limit else None, holds)


def main() -> None:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    found = []
    for result in measure(quick):
        print(result.line(), file=sys.stderr, flush=True)
        found.append(result)
    print("load averages:", *os.getloadavg())
    print(results.table(found))


if __name__ == "__main__":
    main()
