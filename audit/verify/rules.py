"""The rules of consent, read back from the log: what the gate holds when it writes.

Every entry about one person is replayed in the order of the log. What the gate would not have done
is a finding.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from audit.verify.entries import BEGINNING, FIELDS, moment
from audit.verify.findings import Finding, tampered, unchecked, unverifiable
from audit.verify.spill import Record

GRACE: Final = timedelta(minutes=1)
"""The gate looks at the clock, then writes the entry, which looks again. No statement of the worker
runs longer than half of this."""

LATEST_DAY: Final = timedelta(days=2)
"""A window ends with yesterday of the service's time zone: today, yesterday or the day before in
UTC."""

_FIRST_TERM: Final = 2 + FIELDS.index("org_ref")
_ASKED: Final = slice(_FIRST_TERM, _FIRST_TERM + 3)
"""Of an entry: who asks, what for, what."""

_TERMS: Final = slice(_FIRST_TERM, _FIRST_TERM + 8)
"""And for which days, how often, how finely, to the letter."""

#: The states that an event ends, and the state that it leads to.
_ENDS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "consent.granted": (frozenset({"disclosed"}), "granted"),
    "consent.refused": (frozenset({"disclosed"}), "refused"),
    "consent.expired": (frozenset({"requested", "disclosed", "granted"}), "expired"),
    "consent.withdrawn": (frozenset({"granted"}), "withdrawn"),
    "consent.invalidated": (frozenset({"granted"}), "invalidated"),
    "consent.superseded": (frozenset({"granted"}), "superseded"),
    "consent.consumed": (frozenset({"granted"}), "consumed"),
}
_NOTICES: Final = ("consent.notice_sent", "consent.notice_delivered")
#: What is done about a visit that somebody says is wrong while they still agree to it.
_OF_A_CASE: Final = (
    "dispute.opened", "dispute.viewed", "dispute.confirmed", "dispute.rejected",
)  # fmt: skip
#: What nobody does about somebody who was erased.
_OF_THE_LIVING: Final = (
    "consent.requested", "consent.granted", "access.claimed", "access.fetched", "access.released",
    *_OF_A_CASE,
)  # fmt: skip


class Entry(NamedTuple):
    """A record, by name. Its fields are `FIELDS`: whatever the log says there."""

    order: int
    place: int
    event: str
    subject_ref: str
    consent_id: Any
    release_id: Any
    occurred_at: Any
    org_ref: Any
    purpose_code: Any
    question: Any
    window_days: Any
    max_uses: Any
    categories: Any
    granularity: Any
    terms_sha256: Any
    consent_state_seq: Any
    valid_until: Any
    uses: Any
    window_from: Any
    window_to: Any
    superseded_by: Any


Sizes = Sequence[int]
"""The sizes of a log's checkpoints, rising."""


class BrokenRuleError(Exception):
    """What the gate would not have done."""


class UnknownPastError(Exception):
    """What did not begin in the copy."""


@dataclass
class Release:
    claimed: Entry
    window: tuple[str, str]
    state: str = "claimed"


@dataclass
class Consent:
    asked: Entry
    state: str = "requested"
    state_seq: int = 1
    told: bool = False
    valid_until: datetime = BEGINNING
    uses: int = 0
    releases: dict[str, Release] = field(default_factory=dict)


@dataclass
class Replay:
    """Everything about one person. `sizes`: the checkpoints of each log, by its order, if the copy
    has them."""

    sizes: Sequence[Sizes] | None
    consents: dict[str, Consent] = field(default_factory=dict)
    erased: bool = False

    def take(self, entry: Entry) -> None:
        """One more entry. Raises BrokenRuleError, UnknownPastError."""
        event, name = entry.event, entry.consent_id
        if self.erased and event in _OF_THE_LIVING:
            raise BrokenRuleError(f"{event} after this person was erased")
        if event == "erasure.done":
            self.erased = True
        elif event == "consent.requested":
            self._requested(name, entry)
        elif name is not None:
            self._about(name, entry)

    def _about(self, name: str, entry: Entry) -> None:
        event = entry.event
        consent = self.consents.get(name)
        if consent is None:
            raise UnknownPastError(f"{event} without a request before it, about this person")
        if entry[_ASKED] != consent.asked[_ASKED]:
            raise BrokenRuleError(f"{event} for another asker, purpose or question")
        if event in _NOTICES:
            consent.told = True
            if consent.state == "requested":
                consent.state, consent.state_seq = "disclosed", consent.state_seq + 1
        elif event in _ENDS:
            self._moved(consent, entry)
        elif event in _OF_A_CASE:
            _is_live(consent, entry)
        elif event in _ACCESSES:
            _ACCESSES[event](self, consent, entry)
        if entry.consent_state_seq != consent.state_seq:
            raise BrokenRuleError(f"{event}: an entry about this consent is missing or too many")

    def _requested(self, name: str, entry: Entry) -> None:
        if name in self.consents:
            raise BrokenRuleError("a second request with the same consent_id")
        self.consents[name] = Consent(entry)
        if entry.consent_state_seq != 1:
            raise BrokenRuleError("consent.requested: a consent begins as a request")

    def _moved(self, consent: Consent, entry: Entry) -> None:
        event = entry.event
        before, after = _ENDS[event]
        if consent.state not in before:
            raise BrokenRuleError(f"{event} of a consent that is {consent.state}")
        if event == "consent.granted":
            if not consent.told:
                raise BrokenRuleError("consent.granted without a notice before it")
            if entry[_TERMS] != consent.asked[_TERMS]:
                raise BrokenRuleError("consent.granted for something else than was asked")
            consent.valid_until = moment(entry.valid_until)
        if event == "consent.superseded":
            after_it = self.consents.get(entry.superseded_by)
            if after_it is None or after_it.state != "granted":
                raise BrokenRuleError("consent.superseded by none that is granted")
        consent.state, consent.state_seq = after, consent.state_seq + 1

    # ------------------------------------------------------------------ accesses
    def _claimed(self, consent: Consent, entry: Entry) -> None:
        _is_live(consent, entry)
        if entry.release_id in consent.releases:
            raise BrokenRuleError("a release is claimed a second time")
        consent.uses += 1
        most = consent.asked.max_uses  # none: as often as the person likes
        if entry.max_uses != most:
            raise BrokenRuleError("access.claimed counts with another limit than was agreed")
        if entry.uses != consent.uses or (most is not None and consent.uses > most):
            raise BrokenRuleError(
                "access.claimed does not count the uses as they were, or too many"
            )
        window = _window(entry)
        days = date.fromisoformat(window[1]) - date.fromisoformat(window[0])
        if not 0 <= days.days < consent.asked.window_days:
            raise BrokenRuleError("access.claimed for more days than were agreed")
        ago = moment(entry.occurred_at).date() - date.fromisoformat(window[1])
        if not timedelta(0) <= ago <= LATEST_DAY:
            raise BrokenRuleError("access.claimed for days that do not end just before it")
        consent.releases[entry.release_id] = Release(entry, window)

    def _fetched(self, consent: Consent, entry: Entry) -> None:
        release = _release(consent, entry, "claimed", "fetched")
        _is_live(consent, entry)
        window = _window(entry)
        if not release.window[0] <= window[0] <= window[1] <= release.window[1]:
            raise BrokenRuleError("access.fetched for days that were not claimed")
        if not self._was_recorded(release.claimed, entry):
            raise BrokenRuleError("access.fetched before its claim was under a checkpoint")
        release.state, release.window = "fetched", window

    def _released(self, consent: Consent, entry: Entry) -> None:
        release = _release(consent, entry, "fetched")
        _is_live(consent, entry)
        if _window(entry) != release.window:
            raise BrokenRuleError("access.released for other days than were fetched")
        release.state = "released"

    def _delivered(self, consent: Consent, entry: Entry) -> None:
        _release(consent, entry, "released").state = "delivered"

    def _denied(self, consent: Consent, entry: Entry) -> None:
        if entry.release_id is not None:
            _release(consent, entry, "claimed", "fetched").state = "denied"
            consent.uses -= 1

    def _was_recorded(self, claim: Entry, fetch: Entry) -> bool:
        """Whether a checkpoint covers the claim that was made before the fetch."""
        if self.sizes is None:
            return True
        if claim.order == len(self.sizes):
            return False
        sizes = self.sizes[claim.order]
        covering = bisect_right(sizes, claim.place)
        if covering == len(sizes):
            return False
        return claim.order != fetch.order or sizes[covering] <= fetch.place


_ACCESSES: Final[dict[str, Callable[[Replay, Consent, Entry], None]]] = {
    "access.claimed": Replay._claimed,
    "access.fetched": Replay._fetched,
    "access.released": Replay._released,
    "access.delivered": Replay._delivered,
    "access.denied": Replay._denied,
}


def _is_live(consent: Consent, entry: Entry) -> None:
    event = entry.event
    if consent.state != "granted":
        raise BrokenRuleError(f"{event} under a consent that is {consent.state}")
    if moment(entry.occurred_at) - consent.valid_until > GRACE:
        raise BrokenRuleError(f"{event} after the consent had run out")


def _release(consent: Consent, entry: Entry, *states: str) -> Release:
    event, release = entry.event, consent.releases.get(entry.release_id)
    if release is None:
        raise BrokenRuleError(f"{event} without a claim before it, under this consent")
    if release.state not in states:
        raise BrokenRuleError(f"{event} of a release that is {release.state}")
    return release


def _window(entry: Entry) -> tuple[str, str]:
    return entry.window_from, entry.window_to


class Past(NamedTuple):
    """What is known of the past: `whole`, no earlier log is missing; `after_pruned`, the order of
    the log of the year after one that was pruned. In it consents may go on that began before; later
    ones have none so old."""

    whole: bool
    after_pruned: int | None = None

    def finding(self, entry: Entry, where: str, what: str) -> Finding:
        """What it means that something has no beginning in the copy."""
        if entry.order == self.after_pruned:
            return unchecked(where, what)
        return (tampered if self.whole else unverifiable)(where, what)


def broken(
    records: Iterable[Record], sizes: Sequence[Sizes] | None, names: Sequence[str], past: Past
) -> Iterator[Finding]:
    """Replay the records of some people. `names` are those of the logs, by their order."""

    about: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        about[record[_SUBJECT]].append(record)
    for subject in sorted(about):
        replay = Replay(sizes)
        # A record begins with its log's order and its place: the order of the log.
        for entry in map(Entry._make, sorted(about[subject])):
            try:
                replay.take(entry)
            except UnknownPastError as error:
                yield past.finding(entry, _where(entry, names), str(error))
            except BrokenRuleError as error:
                yield tampered(_where(entry, names), str(error))
            except (ValueError, TypeError):
                yield tampered(_where(entry, names), "a value is not what it must be")


_SUBJECT: Final = 2 + FIELDS.index("subject_ref")


def _where(entry: Entry, names: Sequence[str]) -> str:
    return f"{names[entry.order]} entry {entry.place}"
