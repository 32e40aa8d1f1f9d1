"""Messages and organisations' questions: what their timing tells, and how many go through."""

from collections.abc import Iterator

from bench.results import Result


def measure(quick: bool) -> Iterator[Result]:
    from bench.messages import suite  # not needed by the processes that it starts

    return suite.measure(quick)
