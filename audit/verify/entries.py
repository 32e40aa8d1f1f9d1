"""One entry at a time: its bytes, its columns, and what the rules will need of it."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json.scanner import make_scanner
from typing import Any, Final, NamedTuple

from audit import vocabulary
from audit.copy import QUEUED, columns_of
from audit.verify.findings import Finding, tampered, unverifiable
from audit.verify.spill import Record

VERSION: Final = 1

SLACK: Final = timedelta(minutes=11)
"""By how much an entry may be older than one that stands before it: it got its time when it was
written and its place after it was committed, and no transaction stands idle for over ten minutes.
The clocks of witnesses may differ by as much."""

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every entry."""

#: What a record holds after (log, place): these members, in this order.
FIELDS: Final = (
    "event", "subject_ref", "consent_id", "release_id", "occurred_at", "org_ref", "purpose_code",
    "question", "window_days", "max_uses", "categories", "granularity", "terms_sha256",
    "consent_state_seq", "valid_until", "uses", "window_from", "window_to", "superseded_by",
)  # fmt: skip

#: A body has no other bytes: what stands in it is references, words and base64.
_PLAIN: Final = bytes(
    code for code in range(128) if chr(code).isalnum() or chr(code) in '{}[]":,.+/=_-'
)
_scan: Final[Callable[[str, int], tuple[Any, int]]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]
#: What a reference can begin with: entries are sorted by that on disk.
_BEGINNINGS: Final = frozenset(f"{number:03x}" for number in range(1 << 12))
_TOLD: Final = ("consent.", "access.", "erasure.", "dispute.")


#: Entries about the logs of other years: how one ended, and that its entries were deleted.
ABOUT_LOGS: Final = ("log.began", "log.pruned")


class Ending(NamedTuple):
    """What an entry says of the end of an earlier year's log. `where`: which entry."""

    where: str
    event: str
    year: int
    size: int
    root: bytes
    occurred_at: datetime


OUT_OF_TIME: Final = "it is older than what stands before it"


def moment(written: Any) -> datetime:
    """A time in the one spelling that the log has. Raises ValueError or TypeError."""
    if len(written) != 27 or written[4:11:3] != "--T" or written[19::7] != ".Z":
        raise ValueError("not a time of the log")
    return datetime.fromisoformat(written)


@dataclass
class Reader:
    """Reads entries of one log; collects findings, records for the rules, and names.

    `year`: that of the log, if its entries must be of one. `latest`: the time of the newest entry
    so far; `earliest`: time and place of the oldest one read here. `by_place`: `latest` after each
    entry that `columns` read last.
    """

    log: str
    order: int
    year: int | None = None
    latest: datetime = BEGINNING
    earliest: tuple[datetime, int] | None = None
    by_place: list[datetime] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    _required: dict[str, frozenset[str]] = field(default_factory=vocabulary.events)
    _members: frozenset[str] = field(default_factory=vocabulary.members)
    _usual: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)

    def columns(self, first: int, bodies: Sequence[bytes]) -> list[str]:
        """Check these entries; the lines of columns that they must have."""
        lines = []
        self.by_place.clear()
        for place, body in enumerate(bodies, first):
            content = self._read(place, body)
            lines.append(columns_of(content))
            self._keep(place, content)
            self.by_place.append(self.latest)
        return lines

    def uncovered(self, place: int, line: str) -> None:
        """An entry that is under no checkpoint."""
        try:
            given = json.loads(line)
            body = base64.b64decode(given["body"], validate=True)
            columns, state = given["columns"], given["state"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self._tampered(place, "not an uncovered entry")
            return
        if state != QUEUED:
            self._tampered(place, f"it is {state}: it stands in no tree and does not wait for one")
            return
        if self.columns(place, [body]) != [columns]:
            self._tampered(place, "its columns are not those of its body")

    def _read(self, place: int, body: bytes) -> dict[str, Any]:
        try:
            text = body.decode("ascii")
            content, end = _scan(text, 0)
            problem = "its bytes are not an entry" if end != len(text) else ""
            problem = problem or self._problem(place, body, content)
        except (ValueError, LookupError, RecursionError, AttributeError, TypeError, StopIteration):
            content, problem = {}, "its bytes are not an entry"
        if problem:
            self._tampered(place, problem)
            return {}
        return content  # type: ignore[no-any-return]

    def _problem(self, place: int, body: bytes, content: dict[str, Any]) -> str:
        """Why these are not the bytes of an entry in their one spelling; empty if they are."""
        members, event, version = tuple(content), content["event"], content["v"]
        if (event, members) not in self._usual:
            problem = self._unusual(place, event, members)
            if problem:
                return problem
        if version != VERSION or version is True:
            self._unknown(place, f"version {version!r} of the format")
        # A member that stands twice would be read by some as the first, by others as the last.
        count = len(members) + len(content["actor"]) + len(content.get("enc", ()))
        if body.count(b'":') != count or body.translate(None, _PLAIN):
            return "its bytes are not canonical"
        if (
            type(content["entry_uuid"]) is not str
            or type(content.get("subject_ref", "")) is not str
        ):
            return "its bytes are not an entry"
        return ""

    def _unusual(self, place: int, event: str, members: tuple[str, ...]) -> str:
        """What is wrong with an event that has these members, the first time it is met."""
        if list(members) != sorted(members):
            return "its members are not in order"
        if event not in self._required:
            self._unknown(place, f"an event {event}")
        elif not self._members.issuperset(members):
            self._unknown(place, f"a field {min(set(members) - self._members)}")
        elif not self._required[event].issubset(members):
            return f"{event} lacks what it must have"
        else:
            self._usual.add((event, members))
        return ""

    def _keep(self, place: int, content: dict[str, Any]) -> None:
        if not content:
            return
        get = content.get
        self._keep_time(place, get("occurred_at"))
        event = content["event"]
        if event in ABOUT_LOGS:
            self._keep_ending(place, content)
        self._keep_name(place, content["entry_uuid"])
        if event.startswith(_TOLD):
            if "subject_ref" in content and self._is_reference(place, content["subject_ref"]):
                self.records.append((self.order, place, *map(get, FIELDS)))
            if event == "consent.requested":
                self._keep_name(place, f"{get('consent_id')} as a consent")
            elif event == "access.claimed":
                self._keep_name(place, f"{get('release_id')} as a release")

    def _keep_name(self, place: int, name: str) -> None:
        if self._is_reference(place, name):
            self.names.append(name)

    def _is_reference(self, place: int, name: str) -> bool:
        if name[:3] in _BEGINNINGS:
            return True
        self._tampered(place, "a reference is none")
        return False

    def _keep_ending(self, place: int, content: dict[str, Any]) -> None:
        try:
            year, size = int(content["log_year"]), int(content["rows"])
            root, at = bytes.fromhex(content["root_sha256"]), moment(content["occurred_at"])
        except (ValueError, TypeError):
            self._tampered(place, "its bytes are not an entry")
            return
        where = f"{self.log} entry {place}"
        self.endings.append(Ending(where, content["event"], year, size, root, at))

    def _keep_time(self, place: int, written: Any) -> None:
        try:
            at = moment(written)
        except (ValueError, TypeError):
            self._tampered(place, "occurred_at is no time of the log")
            return
        if at > self.latest:
            self.latest = at
        elif at < self.latest - SLACK:
            self._tampered(place, OUT_OF_TIME)
        if self.earliest is None or at < self.earliest[0]:
            self.earliest = at, place
        if self.year is not None and at.year != self.year:
            self._tampered(place, f"it is of another year than {self.year}")

    def _tampered(self, place: int, what: str) -> None:
        self.findings.append(tampered(f"{self.log} entry {place}", what))

    def _unknown(self, place: int, what: str) -> None:
        what = f"{what} that this verifier does not know"
        self.findings.append(unverifiable(f"{self.log} entry {place}", what))
