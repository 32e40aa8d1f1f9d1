"""Does the time that an organisation's question takes tell anything of the person?

Questions of all classes in random order, one at a time over one connection, so that what the
machine does meanwhile meets all classes alike.
"""

import bisect
import http.client
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.messages.people import CITY, CODES, NUMBERS
from bench.results import Result

MOST: Final = 0.1
#: Asked first and not counted: connections, plans and caches are made then.
WARM: Final = 40
QUESTION: Final = {
    "purpose": "return_to_work", "question": "visited_any", "places": [CITY],
    "days": 14, "kept_days": 7,
}  # fmt: skip


def distance(one: Sequence[float], rest: Sequence[float]) -> float:
    """Kolmogorov and Smirnov's D: the furthest that two distributions are apart, 0 to 1."""
    ours, theirs = sorted(one), sorted(rest)
    return max(
        abs(bisect.bisect(ours, x) / len(ours) - bisect.bisect(theirs, x) / len(theirs))
        for x in (*ours, *theirs)
    )


def measure(port: int, people: Path, *, judged: bool) -> Iterator[Result]:
    """`judged`: there are enough of each class for the bar to mean something."""
    said = json.loads(people.read_text())
    took = _ask_all(port, said["keys"], said["targets"])
    for kinds in (NUMBERS, CODES):
        for kind in kinds[: 1 if len(kinds) == 2 else None]:  # of two, one says it of both
            rest = [t for other in kinds if other != kind for t in took[other]]
            apart = distance(took[kind], rest)
            holds = apart <= MOST if judged else None
            name = f"asking, {kind} / {'the other numbers' if kinds is NUMBERS else CODES[1]}"
            count = f"D of {len(took[kind]):,}"
            yield Result(f"{name}: D, limit", apart, count, MOST, apart / MOST, holds)
            middle, other = (sorted(t)[len(t) // 2] for t in (took[kind], rest))
            yield Result(f"{name}: median", middle * 1e3, "ms", other * 1e3, middle / other)


def _ask_all(
    port: int, keys: Sequence[str], targets: Mapping[str, Sequence[str]]
) -> dict[str, list[float]]:
    calls = [(kind, n, whom) for kind, all_ in targets.items() for n, whom in enumerate(all_)]
    random.SystemRandom().shuffle(calls)
    took: dict[str, list[float]] = {kind: [] for kind in targets}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    for done, (kind, n, whom) in enumerate(calls):
        aim: dict[str, Any] = {"number" if kind in NUMBERS else "code": whom}
        body = json.dumps(QUESTION | aim)
        headers = {
            "Authorization": f"Bearer {keys[n % len(keys)]}",
            "Content-Type": "application/json",
        }
        began = time.perf_counter()
        connection.request("POST", "/api/v1/requests", body, headers)
        response = connection.getresponse()
        response.read()
        ended = time.perf_counter() - began
        if response.status != http.HTTPStatus.CREATED:
            raise RuntimeError(f"{kind}: {response.status}")
        if done >= WARM:
            took[kind].append(ended)
    return took
