"""The log: writing entries, sequencing them, verifying them."""

from collections.abc import Iterator

from bench.results import Result


def measure(quick: bool) -> Iterator[Result]:
    from bench.audit import suite  # not needed by the processes that it starts

    return suite.measure(quick)
