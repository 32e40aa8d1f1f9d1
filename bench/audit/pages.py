"""`python -m bench.audit.pages`: the auditors' pages, as the auditors' process makes them (views,
queries as its role, templates), without the network and without the log-in."""

import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import django

from bench.processes import Measured

ROUNDS: Final = 25


def main(rounds: int) -> Measured:
    """`facts`: of each page the 50th and 95th percentile and the longest, in ms."""
    django.setup()
    from django.test import RequestFactory
    from django.urls import resolve

    from accounts.models import StaffRole, User
    from oversight.views import access

    auditor = User(email="ana@service.example", name="ana")
    setattr(access, "staff_role", lambda _: StaffRole.AUDITOR)  # noqa: B010
    chance = random.Random(2)  # noqa: S311 (the same pages each time)
    pages = _pages(chance)

    def load(path: str) -> None:
        request = RequestFactory().get(path)
        request.user = auditor
        request.session = {}  # type: ignore[assignment]
        match = resolve(path.partition("?")[0])
        response = match.func(request, *match.args, **match.kwargs)
        assert response.status_code == 200, path

    measured = Measured()
    found: dict[str, list[float]] = {}
    for round_ in range(rounds):
        for name, path in pages.items():
            began = time.perf_counter()
            load(path())
            if round_ or name == "patterns":
                found.setdefault(name, []).append((time.perf_counter() - began) * 1e3)
    measured.facts = {name: _percentiles(took) for name, took in found.items()}
    return measured


def _pages(chance: random.Random) -> dict[str, Callable[[], str]]:
    from audit.models import Entry

    newest = Entry.objects.order_by("-id").values_list("id", "recorded_at")[0]
    most = newest[0] * 9 // 10

    def one() -> Entry:
        return Entry.objects.get(id=chance.randrange(1, most))

    def day() -> str:
        return f"{newest[1] - timedelta(days=chance.randrange(1, 300)):%Y-%m-%d}"

    return {
        "newest entries": lambda: "/oversight/",
        "entries, far back": lambda: f"/oversight/?before={chance.randrange(1_000, most)}",
        "entries of a day": lambda: f"/oversight/?since={(at := day())}&until={at}",
        "entries of an event": lambda: "/oversight/?event=access.released",
        "entries of a group of events and a day": lambda: (
            f"/oversight/?event=access.&until={day()}"
        ),
        "entries of an organisation": lambda: f"/oversight/?org_ref={one().org_ref}",
        "entries of an organisation, an event and a day": lambda: (
            f"/oversight/?org_ref={one().org_ref}&event=consent.granted&until={day()}"
        ),
        "entries of a person": lambda: f"/oversight/?subject_ref={one().subject_ref}",
        "entries of a consent": lambda: f"/oversight/?consent_id={one().consent_id}",
        "a rare event": lambda: "/oversight/?event=staff.reset_account",
        "an event of an organisation that has none": lambda: (
            f"/oversight/?org_ref={one().org_ref}&event=organisation.suspended"
        ),
        "an entry with its proof": lambda: f"/oversight/entries/{one().id}/",
        "state": lambda: "/oversight/state/",
        "patterns": lambda: "/oversight/patterns/",
        "reviews": lambda: "/oversight/reviews/",
    }


def _percentiles(took: list[float]) -> dict[str, float]:
    took.sort()
    return {"p50": took[len(took) // 2], "p95": took[len(took) * 95 // 100], "most": took[-1]}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS).say()
