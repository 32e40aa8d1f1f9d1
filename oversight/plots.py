"""Plots as inline SVG, drawn from numbers that stand in a table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP = 720, 140, 2


@dataclass(frozen=True, slots=True)
class Bar:
    """In pixels of a drawing of WIDTH by HEIGHT."""

    x: float
    y: float
    width: float
    height: float


def bars(counts: Sequence[int]) -> list[Bar]:
    """One bar each, the largest as high as the drawing."""
    largest = max(counts, default=0) or 1
    step = WIDTH / max(len(counts), 1)
    return [
        Bar(round(n * step, 1), round(HEIGHT - high, 1), round(step - GAP, 1), round(high, 1))
        for n, high in enumerate(count / largest * HEIGHT for count in counts)
    ]
