"""`python -m bench.signaling.ingest FILE…`: one ingest, in the service, as its ingest role.

The service's own functions are timed as they are called; what none of them covers is the rest.
"""

import os
import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import django

from bench.processes import Measured

PARTS: Final = {  # of the whole, in their order
    "door": ("signaling.intake:_survey",),
    "storing": ("signaling.intake:_write_events", "signaling.intake:_put_away"),
    "compiling": (
        "signaling.publication:Publisher.find_affected",
        "signaling.publication:Publisher.compile_slice",
        "signaling.publication:Publisher._compare",
    ),
    "writing to PostgreSQL": ("signaling.handover:hand_over",),
    "remembering and tidying": (
        "signaling.publication:Publisher._remember",
        "signaling.tidying:tidy",
        "signaling.days:note_contents",
    ),
}


def main(paths: list[Path]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "travelcheck.settings")
    django.setup()
    services = import_module("signaling.services")
    measured = Measured()
    with ExitStack() as stack:
        for part, functions in PARTS.items():
            for function in functions:
                owner, name = owner_of(function)
                stack.enter_context(measured.wrapped(owner, name, part))
        with measured.timed():
            report = services.ingest_files(paths=paths)
    measured.parts["the rest"] = measured.seconds - sum(measured.parts.values())
    measured.facts.update(
        rows=report.rows,
        stored=report.stored,
        subscribers=report.subscribers,
        stay_points=report.stay_points,
        unreadable=len(report.unreadable),
    )
    measured.say()


def owner_of(function: str) -> tuple[Any, str]:
    """The module or class that a function is looked up in, and its name there."""
    module, _, path = function.partition(":")
    *classes, name = path.split(".")
    owner: Any = import_module(module)
    for one in classes:
        owner = getattr(owner, one)
    return owner, name


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
