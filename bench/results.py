"""What was measured: as JSON, as a table, as a plot. A bar that is missed is shown as missed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

OUT: Final = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Result:
    """One figure. `floor` is what it is compared with, in the same unit and from the same run (for
    memory or seconds: the limit); `ratio` = value / floor; `holds`: is the bar met, None if there
    is no bar. The name says what the two sides are."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    holds: bool | None = None

    def line(self) -> str:
        return "  ".join(part for part in self.cells() if part)

    def cells(self) -> tuple[str, str, str, str, str, str]:
        return (
            self.name,
            _number(self.value),
            self.unit,
            _number(self.floor),
            _number(self.ratio),
            {True: "holds", False: "MISSED", None: ""}[self.holds],
        )


def against(
    name: str,
    value: float,
    unit: str,
    floor: float,
    *,
    least: float | None = None,
    most: float | None = None,
    ratio: float | None = None,
) -> Result:
    """A figure beside its floor, with a bar for the ratio where there is one."""
    share = value / floor if ratio is None else ratio
    holds = None
    if least is not None or most is not None:
        holds = (least is None or share >= least) and (most is None or share <= most)
    return Result(name, value, unit, floor, share, holds)


def write(found: Sequence[Result], folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {key: _short(value) if isinstance(value, float) else value for key, value in row.items()}
        for row in map(asdict, found)
    ]
    (folder / f"{name}.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    if any(result.ratio for result in found):
        _plot(found, folder / f"{name}.svg", name)


def table(found: Sequence[Result]) -> str:
    rows = [("what", "value", "unit", "against", "ratio", "bar"), *(r.cells() for r in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in (1, 3, 4) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{_short(value):,}"


def _short(value: float) -> float | int:
    """Four significant digits: no measurement here is better than that."""
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) >= 10 else rounded


def _plot(found: Sequence[Result], path: Path, name: str) -> None:
    """What is compared with something: how many times it, and whether that is enough."""
    import matplotlib as mpl  # slow to import
    from matplotlib.figure import Figure

    rows = [(result, result.ratio) for result in found if result.ratio]
    figure = Figure(figsize=(11, 1.2 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    colours = {True: "#2a7f62", False: "#c0392b", None: "#7f8c8d"}
    axes.barh(
        range(len(rows)),
        [ratio - 1 for _, ratio in rows],
        left=1,
        color=[colours[result.holds] for result, _ in rows],
    )
    axes.set_xscale("log")
    for place, (result, ratio) in enumerate(rows):
        text = f" {_number(ratio)} ×  ({_number(result.value)} {result.unit}) "
        side = "left" if ratio >= 1 else "right"
        axes.annotate(text, (ratio, place), va="center", ha=side, fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.margins(x=0.35)
    axes.set_yticks(range(len(rows)), [result.name for result, _ in rows], fontsize=8)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"{name}: value by what it is compared with (green holds, red misses, grey: no bar)"
    )
    axes.title.set_fontsize(10)
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
