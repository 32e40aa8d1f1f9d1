"""What a signed answer says, and how it is written into a token: short names, so that it fits a QR.

The format is described in `docs/answers.md`. Needs the standard library alone: this is half of the
offline check.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

#: `typ` of the kinds of tokens we sign (RFC 8725, 3.11: one is never taken for the other).
ANSWER_TYPE = "answer+jwt"
TEST_TYPE = "answer-test+jwt"  # made up, for whoever tries the interface out
STATUS_TYPE = "statuslist+jwt"

#: A question about more places than these might not fit a QR code, even without their names.
MOST_PLACES = 8

QUESTIONS = frozenset({"visited_any", "stayed_only_in", "itinerary"})
VALUES = frozenset({"YES", "NO", "CANNOT_TELL", "LISTED"})


class UnknownFormatError(ValueError):
    """The claims are not those of an answer as this program knows it."""


#: Where the status list of a day's answers lies at the issuer.
STATUS_PATH = "/answers/status/"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of an itinerary: the code of a place, or of two where the evidence fits both, and
    its days."""

    codes: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """All that an answer says. Days are local days of the service.

    `names`: what places are called in the asker's language. They and the name of the audience may
    be left out where a QR code has no room for them.
    """

    issuer: str
    audience: UUID
    audience_name: str
    id: UUID
    nonce: str
    issued_at: datetime
    expires_at: datetime
    question: str
    places: tuple[str, ...]
    names: Mapping[str, str]
    first_day: date
    days: int
    answer: str
    listed: tuple[Listed, ...]
    days_with_data: int
    days_covered: int
    hours_observed: int
    data_through: date | None
    minimum_hours: int
    rule_version: str
    consent: UUID
    log_entry: UUID
    last_two: str
    status_index: int
    is_test: bool = False

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def status_list(self) -> str:
        """Where it is said whether this answer still stands: the list of the UTC day of issue."""
        return f"{self.issuer}{STATUS_PATH}{self.issued_at.astimezone(UTC).date().isoformat()}"


def to_claims(said: Statement) -> dict[str, Any]:
    """The claims of the token, in the order in which they are written."""
    claims: dict[str, Any] = {
        "iss": said.issuer,
        "aud": short(said.audience),
        "jti": short(said.id),
        "nonce": said.nonce,
        "iat": int(said.issued_at.timestamp()),
        "exp": int(said.expires_at.timestamp()),
        "q": said.question,
        "w": [said.first_day.isoformat(), said.days],
        "a": said.answer,
        "c": [said.days_with_data, said.days_covered, said.hours_observed],
        "dt": said.data_through.isoformat() if said.data_through else None,
        "mh": said.minimum_hours,
        "rv": said.rule_version,
        "cr": short(said.consent),
        "le": short(said.log_entry),
        "no": said.last_two,
        "st": said.status_index,
    }
    if said.is_test:
        claims["test"] = True
    if said.question == "itinerary":
        claims["l"] = [_line(line, said.first_day) for line in said.listed]
    else:
        claims["p"] = list(said.places)
    if said.audience_name:
        claims["for"] = said.audience_name
    if said.names:
        claims["n"] = dict(said.names)
    return claims


def from_claims(claims: Mapping[str, Any]) -> Statement:
    """Read the claims of a token whose signature is good. Raises UnknownFormatError."""
    try:
        first_day = date.fromisoformat(claims["w"][0])
        with_data, covered, hours = (int(count) for count in claims["c"])
        said = Statement(
            issuer=str(claims["iss"]),
            audience=long(claims["aud"]),
            audience_name=str(claims.get("for", "")),
            id=long(claims["jti"]),
            nonce=str(claims["nonce"]),
            issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            question=str(claims["q"]),
            places=tuple(str(code) for code in claims.get("p", ())),
            names={code: str(name) for code, name in claims.get("n", {}).items()},
            first_day=first_day,
            days=int(claims["w"][1]),
            answer=str(claims["a"]),
            listed=tuple(_listed(line, first_day) for line in claims.get("l", ())),
            days_with_data=with_data,
            days_covered=covered,
            hours_observed=hours,
            data_through=date.fromisoformat(claims["dt"]) if claims["dt"] else None,
            minimum_hours=int(claims["mh"]),
            rule_version=str(claims["rv"]),
            consent=long(claims["cr"]),
            log_entry=long(claims["le"]),
            last_two=str(claims["no"]),
            status_index=int(claims["st"]),
            is_test=bool(claims.get("test", False)),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UnknownFormatError("the claims are not those of an answer") from error
    if said.question not in QUESTIONS or said.answer not in VALUES:
        raise UnknownFormatError("a question or an answer of another kind")
    return said


def short(reference: UUID) -> str:
    """A UUID in 22 characters: base64url of its 16 bytes, without padding."""
    return base64.urlsafe_b64encode(reference.bytes).rstrip(b"=").decode()


def long(reference: str) -> UUID:
    """The UUID of `short`. Raises ValueError."""
    return UUID(bytes=base64.urlsafe_b64decode(f"{reference}=="))


def _line(line: Listed, first_day: date) -> list[Any]:
    """[days, code] or, at a border, [days, code, code]; bit n of `days` is the n-th day."""
    return [sum(1 << (day - first_day).days for day in line.days), *line.codes]


def _listed(line: list[Any], first_day: date) -> Listed:
    mask, *codes = line
    days = (n for n in range(int(mask).bit_length()) if int(mask) >> n & 1)
    return Listed(
        tuple(str(code) for code in codes), tuple(first_day + timedelta(days=n) for n in days)
    )
