"""`python -m bench.messages.soak MINUTES [RATE]`: texts at an even rate, and the memory of every
process meanwhile: first, last, and its slope over the second half, when caches are warm.

Exits 1 when a process grows by more than noise. Noise: twice the standard error of the slope, and
what one more arena of the allocator is in an hour.
"""

import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from bench.messages import load
from bench.messages.world import World, world

EVERY: Final = 5.0  # seconds between two looks
ARENA_MB: Final = 8.0
#: A number is answered so many times in half an hour.
PER_NUMBER: Final = 25


def resident(here: World) -> dict[str, float]:
    """MB of each process and what it started, by name."""
    parents, sizes = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            rollup = Path(status.parent / "smaps_rollup").read_text()
        except OSError:
            continue
        if "VmRSS" in lines:
            pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
            parents[int(lines["Pid"])] = int(lines["PPid"])
            sizes[int(lines["Pid"])] = int(pss.split()[1]) / 1024
    found = {}
    for entry in here.stack.supervisor.running:
        if entry.process is None:
            continue
        family = {entry.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        found[entry.service.name] = sum(sizes.get(pid, 0.0) for pid in family)
    return found


def slope(points: list[tuple[float, float]]) -> tuple[float, float]:
    """MB an hour, and the standard error of that."""
    hours = [at / 3600 for at, _ in points]
    found = statistics.linear_regression(hours, [size for _, size in points])
    middle = statistics.fmean(hours)
    spread = sum((hour - middle) ** 2 for hour in hours)
    left = sum((size - found.intercept - found.slope * at / 3600) ** 2 for at, size in points)
    return found.slope, (left / max(len(points) - 2, 1) / spread) ** 0.5


def main(minutes: float, rate: float) -> int:
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    people = max(200, int(rate * min(minutes, 30) * 60 / PER_NUMBER))
    with world(people) as here, here.service():
        here.loop.run(load.burst(here.carrier, here.numbers, 200, "TRIP"))
        began = last = time.monotonic()

        def look() -> None:
            nonlocal last
            if time.monotonic() - last >= EVERY:
                last = time.monotonic()
                for name, size in resident(here).items():
                    seen[name].append((last - began, size))

        work = load.paced(here.carrier, here.numbers, rate, minutes * 60, "TRIP")
        found = here.loop.run(work, look)
    print(f"{len(found.answer):,} texts answered at {rate:g} a second, {found.errors} errors")
    print("| process | first MB | last MB | MB an hour, second half | of it noise |")
    grows = False
    for name, points in sorted(seen.items()):
        mb, error = slope(points[len(points) // 2 :])
        noise = 2 * error + ARENA_MB
        grows = grows or mb > noise
        print(f"| {name} | {points[0][1]:.1f} | {points[-1][1]:.1f} | {mb:+.1f} | ±{noise:.1f} |")
    return int(grows or found.errors > 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 10.0))
