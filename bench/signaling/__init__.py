"""The signaling engine: from event files to stays, and into the database."""

from collections.abc import Iterator

from bench.results import Result


def measure(quick: bool) -> Iterator[Result]:
    from bench.signaling import suite  # not needed by the processes that it starts

    return suite.measure(quick)
