"""`python -m tests.chaos.reliability --each 5000 [--only WORD] [--write FILE]`: crowds converse
with the real processes while things go wrong, and what came of it, as a table.

Exits 1 when something was lost, came twice or must never have been. With `--write` the rows of the
scenarios that ran replace those in the file.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench.messages.world import World, world
from tests.chaos import books
from tests.chaos.conversations import Crowd
from tests.chaos.scenarios import SCENARIOS, Scenario, run_mishaps
from travelcheck.stack.folders import remove_server_folder

HEAD = (
    "| what goes wrong | conversations | texts in, with exactly one effect | replies due, that went"
    " | lost | twice | answers, releases in the log | repeated calls | seconds | when, where |"
)
#: Seconds that a round may take, beside one for each conversation.
PATIENCE = 240.0
COLUMNS = HEAD.count("|") - 1


@dataclass
class Outcome:
    """What came of one scenario."""

    name: str
    each: int
    counts: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    twice: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def row(self) -> str:
        n = self.counts
        broken = ", ".join(f"{count:,} {what}" for what, count in self.broken.items()) or "none"
        cells = (
            self.name, f"{self.each:,}", f"{n['texts in']:,}, {n['effects']:,}",
            f"{2 * self.each:,}, {n['replies']:,}", f"{self.lost:,}", f"{self.twice:,}",
            f"{n['answers']:,}, {n['releases']:,}", broken, f"{self.seconds:.0f}",
            f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine()}",
        )  # fmt: skip
        return "| " + " | ".join(cells) + " |"


def machine() -> str:
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}"


def play(
    chosen: Sequence[tuple[Scenario, list[str]]], here: World, patience: float
) -> list[Outcome]:
    """These crowds converse to the end while their scenarios happen; then look at everything."""
    carrier, began = here.carrier, time.monotonic()
    carrier.is_full = any(scenario.starts_full for scenario, _ in chosen)
    crowds = [Crowd(carrier, mine, reports=one.reports) for one, mine in chosen]
    looks = []
    for (scenario, _), crowd in zip(chosen, crowds, strict=True):
        if scenario.fault is not None:
            crowd.go_wrong(scenario.fault, scenario.every)
        looks.append(run_mishaps(scenario, here, crowd))

    async def all_of_them() -> None:
        await asyncio.gather(*(crowd.run(patience) for crowd in crowds))

    here.loop.run(all_of_them(), lambda: [look() for look in looks])
    seconds = time.monotonic() - began
    _settle(here, patience)
    for crowd in crowds:
        here.loop.run(crowd.stop())
    one_clock = not any(scenario.clock_steps for scenario, _ in chosen)
    return [
        _outcome(scenario, here, crowd, seconds, one_clock=one_clock)
        for (scenario, _), crowd in zip(chosen, crowds, strict=True)
    ]


def _outcome(
    scenario: Scenario, here: World, crowd: Crowd, seconds: float, *, one_clock: bool
) -> Outcome:
    talks = crowd.talks.values()
    outcome = Outcome(scenario.name, len(talks), seconds=seconds)
    outcome.lost = sum((not t.notices) + (not t.answers) for t in talks)
    outcome.twice = sum(talk.twice for talk in talks)
    outcome.broken = dict(sum((here.carrier.broken[t.number] for t in talks), Counter()))
    with here.database() as database:
        books.name_crowd(database, [here.indexes[talk.number] for talk in talks])
        outcome.counts = {
            what: books.count(database, query) for what, query in books.COUNTS.items()
        }
        outcome.wrong = books.wrong(database, one_clock=one_clock)
    _judge(outcome, scenario)
    return outcome


def _settle(here: World, seconds: float) -> None:
    """Until nothing is under way any more."""

    def at_rest() -> bool:
        try:
            with here.database() as database:
                return books.count(database, books.OPEN_WORK) == 0
        except psycopg.OperationalError:
            return False

    here.stack.supervisor.watch(at_rest, seconds, "the end of all work")


def _judge(outcome: Outcome, scenario: Scenario) -> None:
    n, due = outcome.counts, 2 * outcome.each
    expected = {"texts in": due, "effects": due, "replies": due}
    expected |= {"answers": outcome.each, "releases": outcome.each}
    if scenario.reports:
        expected["reports"] = due
    outcome.wrong += [
        f"{what}: {n[what]}, not {should}" for what, should in expected.items() if n[what] != should
    ]
    outcome.wrong += [f"lost: {outcome.lost}"] if outcome.lost else []
    outcome.wrong += [f"twice: {outcome.twice}"] if outcome.twice else []


def write(path: Path, rows: dict[str, str]) -> None:
    """Put these rows into the file's table, in the order of the scenarios."""
    lines = path.read_text(encoding="utf-8").splitlines()
    place = lines.index(HEAD)
    end = next((n for n in range(place, len(lines)) if not lines[n].startswith("|")), len(lines))
    known = {line.split("|")[1].strip(): line for line in lines[place + 2 : end]} | rows
    table = [known[scenario.name] for scenario in SCENARIOS if scenario.name in known]
    whole = [*lines[:place], HEAD, "|---" * COLUMNS + "|", *table, *lines[end:]]
    path.write_text("\n".join(whole) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=5000, help="conversations of each scenario")
    parser.add_argument("--only", default="", help="scenarios with this word in their names")
    parser.add_argument("--write", type=Path, help="the document with the table")
    parser.add_argument(
        "--together", action="store_true", help="all that can share a service at once"
    )
    given = parser.parse_args()
    chosen = [one for one in SCENARIOS if given.only in one.name]
    rounds = [[one] for one in chosen]
    if given.together:
        rounds = [[one for one in chosen if not one.needs_all]]
    folder = Path(tempfile.mkdtemp(prefix="travelcheck-chaos-"))
    folder.chmod(0o711)
    failed = False
    try:
        with world(given.each * len(chosen), agreed=False, folder=folder) as here, here.service():
            left = here.numbers
            for several in filter(None, rounds):
                crowds = []
                for scenario in several:
                    crowds.append((scenario, left[: given.each]))
                    left = left[given.each :]
                for outcome in play(crowds, here, PATIENCE + given.each * len(several)):
                    print(outcome.row(), *(f"  WRONG: {one}" for one in outcome.wrong), sep="\n")
                    sys.stdout.flush()
                    failed = failed or bool(outcome.wrong)
                    if given.write:
                        write(given.write, {outcome.name: outcome.row()})
            if failed:
                kept = tempfile.mkdtemp(prefix="travelcheck-chaos-log-")
                shutil.copytree(folder / "log", kept, dirs_exist_ok=True)
                print(f"logs: {kept}")
    finally:
        for server in ("postgres", "redis"):
            remove_server_folder(folder, server)
        shutil.rmtree(folder, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
