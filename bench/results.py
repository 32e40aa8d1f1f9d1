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
    if found:
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
    """One panel for each unit; a line across a bar is what it is compared with."""
    from matplotlib.figure import Figure  # slow to import

    units = list(dict.fromkeys(result.unit for result in found))
    groups = [[result for result in found if result.unit == unit] for unit in units]
    figure = Figure(figsize=(11, 1.0 + sum(0.36 * len(g) + 0.8 for g in groups)), layout="tight")
    panels = figure.subplots(
        len(groups), squeeze=False, gridspec_kw={"height_ratios": [len(g) + 1 for g in groups]}
    )
    colours = {True: "#2a7f62", False: "#c0392b", None: "#7f8c8d"}
    for panel, group, unit in zip(panels[:, 0], groups, units, strict=True):
        places = range(len(group))
        panel.barh(places, [r.value for r in group], color=[colours[r.holds] for r in group])
        for place, result in zip(places, group, strict=True):
            panel.annotate(f" {_number(result.value)}", (max(result.value, 0), place), va="center")
            if result.floor is not None:
                panel.plot([result.floor] * 2, [place - 0.4, place + 0.4], color="black")
        panel.set_yticks(places, [r.name for r in group], fontsize=8)
        panel.invert_yaxis()
        if min(r.value for r in group) > 0 and max(r.value for r in group) > 50 * min(
            r.value for r in group
        ):
            panel.set_xscale("log")
        panel.set_xlabel(unit)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{name}: green holds, red is missed, grey has no bar; | compared with")
    figure.savefig(path, metadata={"Date": None})
