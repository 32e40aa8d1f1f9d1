"""What is wrong, and how surely."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

INTACT: Final = 0
TAMPERED: Final = 1
UNVERIFIABLE: Final = 2
UNCHECKED: Final = 3
"""No verdict: what the published policy has deleted cannot be looked at."""

KEPT: Final = 20


class Finding(NamedTuple):
    """`kind` is TAMPERED, UNVERIFIABLE or UNCHECKED."""

    kind: int
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def tampered(where: str, what: str) -> Finding:
    """The copy says two things that cannot both be true, or something that may not be."""
    return Finding(TAMPERED, where, what)


def unverifiable(where: str, what: str) -> Finding:
    """Something is missing, or is newer than this verifier."""
    return Finding(UNVERIFIABLE, where, what)


def unchecked(where: str, what: str) -> Finding:
    """What it rests on was pruned by the published policy."""
    return Finding(UNCHECKED, where, what)


class StopError(Exception):
    """Nothing more can be found out."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass
class Findings:
    """The first ones of each kind, and how many there were."""

    kept: list[Finding] = field(default_factory=list)
    count: dict[int, int] = field(
        default_factory=lambda: {TAMPERED: 0, UNVERIFIABLE: 0, UNCHECKED: 0}
    )

    def add(self, *found: Finding) -> None:
        for finding in found:
            self.count[finding.kind] += 1
            if self.count[finding.kind] <= KEPT:
                self.kept.append(finding)

    @property
    def verdict(self) -> int:
        """TAMPERED outweighs UNVERIFIABLE, which outweighs INTACT."""
        if self.count[TAMPERED]:
            return TAMPERED
        return UNVERIFIABLE if self.count[UNVERIFIABLE] else INTACT

    def line(self) -> str:
        """The first one that decides the verdict, and how many more there are."""
        first = next(finding for finding in self.kept if finding.kind == self.verdict)
        more = self.count[self.verdict] - 1
        return f"{first} (and {more} more)" if more else str(first)
