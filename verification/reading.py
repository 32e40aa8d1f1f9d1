"""Checking a signed answer, without trusting anything but the keys one was given.

Formats: JWS compact serialisation (RFC 7515) with Ed25519 (RFC 8037, RFC 9864), JWK sets (RFC
7517), and the Token Status List of the IETF's OAuth group (draft-ietf-oauth-status-list-21).

Needs the standard library and `cryptography`; neither Django nor a database.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verification.claims import (
    ANSWER_TYPE,
    STATUS_TYPE,
    TEST_TYPE,
    Statement,
    UnknownFormatError,
    from_claims,
)

#: Longer than any answer; what is longer is not read.
LONGEST_TOKEN = 16_384
LONGEST_LIST = 4_194_304
#: What the checker's clock may be behind the service's.
CLOCK_SKEW = timedelta(minutes=5)
ALGORITHMS = frozenset({"EdDSA", "Ed25519"})

Keys = Mapping[str, Ed25519PublicKey]


class Verdict(Enum):
    """What a check came to. The value is the exit status of the command."""

    GENUINE = 0
    NOT_GENUINE = 1
    CANNOT_BE_CHECKED = 2


class Standing(IntEnum):
    """What has become of an answer since: the values of its status list."""

    STANDS = 0
    WITHDRAWN = 1  # the person has taken the consent back
    DISPUTED = 2  # the person says it is wrong; being looked into
    CORRECTED = 3  # it was wrong


@dataclass(frozen=True, slots=True)
class Report:
    """`finding` is a key of `words`. The statement is there when its signature is good; `standing`
    and `as_of` when a status list was given and could be read."""

    verdict: Verdict
    finding: str
    statement: Statement | None = None
    standing: Standing | None = None
    as_of: datetime | None = None


class RejectedError(Exception):
    """Why a token is not what it should be."""

    def __init__(self, verdict: Verdict, finding: str) -> None:
        super().__init__(finding)
        self.verdict, self.finding = verdict, finding


class KeysError(ValueError):
    """This is no set of public keys."""


def check(
    token: str,
    keys: Keys,
    *,
    now: datetime,
    status: str | None = None,
    audience: UUID | None = None,
) -> Report:
    """Whether `token` is an answer signed with one of `keys` that may be relied on at `now`.

    `status`: the status list that the answer names, as it was fetched; None when there is none at
    hand. `audience`: the organisation that must have been given the answer; None: any.
    """
    try:
        said = _answer(token, keys)
    except RejectedError as why:
        return Report(why.verdict, why.finding)
    if said.is_test:
        return Report(Verdict.NOT_GENUINE, "test", said)
    if said.issued_at > now + CLOCK_SKEW:
        return Report(Verdict.CANNOT_BE_CHECKED, "clock", said)
    if said.expires_at <= now:
        return Report(Verdict.NOT_GENUINE, "expired", said)
    if audience not in (None, said.audience):
        return Report(Verdict.NOT_GENUINE, "other_audience", said)
    if status is None:
        return Report(Verdict.GENUINE, "genuine", said)
    try:
        standing, as_of = _standing(said, status, keys, now)
    except RejectedError as why:
        return Report(why.verdict, why.finding, said)
    if standing is Standing.STANDS:
        return Report(Verdict.GENUINE, "genuine", said, standing, as_of)
    return Report(Verdict.NOT_GENUINE, standing.name.lower(), said, standing, as_of)


def read_keys(text: str) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JWK set by their ids; other kinds are passed over. Raises KeysError."""
    try:
        listed = json.loads(text)["keys"]
        ours = [k for k in listed if (k.get("kty"), k.get("crv")) == ("OKP", "Ed25519")]
        keys = {
            str(key["kid"]): Ed25519PublicKey.from_public_bytes(_decode(key["x"])) for key in ours
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysError("this is no set of public keys (JWKS)") from error
    if len(keys) != len(ours):
        raise KeysError("two keys of this set have the same id")
    return keys


def _answer(token: str, keys: Keys) -> Statement:
    kind, claims = _signed(token, (ANSWER_TYPE, TEST_TYPE), keys, LONGEST_TOKEN)
    try:
        said = from_claims(claims)
        return replace(said, is_test=said.is_test or kind == TEST_TYPE)
    except UnknownFormatError:
        raise RejectedError(Verdict.CANNOT_BE_CHECKED, "other_format") from None


def _standing(said: Statement, token: str, keys: Keys, now: datetime) -> tuple[Standing, datetime]:
    """What the list says of this answer, and as of when."""
    wrong = RejectedError(Verdict.CANNOT_BE_CHECKED, "status_unreadable")
    try:
        _, claims = _signed(token, (STATUS_TYPE,), keys, LONGEST_LIST)
        about, made, ends = claims["sub"], int(claims["iat"]), int(claims["exp"])
        as_of, until = (datetime.fromtimestamp(at, UTC) for at in (made, ends))
        bits = _unpacked(claims["status_list"])
    except (RejectedError, KeyError, TypeError, ValueError, OverflowError, zlib.error):
        raise wrong from None
    if about != said.status_list:
        raise RejectedError(Verdict.CANNOT_BE_CHECKED, "status_of_another")
    if until <= now or as_of < said.issued_at:
        raise RejectedError(Verdict.CANNOT_BE_CHECKED, "status_old")
    byte, place = divmod(said.status_index, 4)
    if not 0 <= byte < len(bits):
        raise wrong
    return Standing(bits[byte] >> 2 * place & 0b11), as_of


def _unpacked(status_list: Mapping[str, Any]) -> bytes:
    """The list's bytes: four entries in each, the first in its lowest bits."""
    if status_list["bits"] != 2:
        raise ValueError("a list with 2 bits an entry is expected")
    packed = zlib.decompressobj()
    unpacked = packed.decompress(_decode(status_list["lst"]), LONGEST_LIST)
    if not packed.eof:
        raise ValueError("a list that is cut off, or too long")
    return unpacked


def _signed(
    token: str, kinds: Collection[str], keys: Keys, longest: int
) -> tuple[str, dict[str, Any]]:
    """The kind and claims of a JWS of one of these kinds, signed with one of `keys`. Raises
    RejectedError.

    Nothing in the token chooses the key or the algorithm: its key id only names one of ours.
    """
    malformed = RejectedError(Verdict.NOT_GENUINE, "malformed")
    compact = "".join(token.split())
    parts = compact.split(".")
    if len(compact) > longest or len(parts) != 3:
        raise malformed
    try:
        header, claims = _object(parts[0]), _object(parts[1])
        signature = _decode(parts[2])
    except (ValueError, RecursionError):
        raise malformed from None
    if header.get("typ") not in kinds or header.get("alg") not in ALGORITHMS or "crit" in header:
        raise RejectedError(Verdict.NOT_GENUINE, "other_kind")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise RejectedError(Verdict.CANNOT_BE_CHECKED, "unknown_key")
    try:
        key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise RejectedError(Verdict.NOT_GENUINE, "forged") from None
    return str(header["typ"]), claims


def _object(encoded: str) -> dict[str, Any]:
    """A JSON object in base64url. Raises ValueError."""
    parsed = json.loads(_decode(encoded), object_pairs_hook=_once)
    if not isinstance(parsed, dict):
        raise ValueError("a JSON object is expected")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members are named once: two readers must not read two things."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a member is named twice")
    return result


def _decode(encoded: object) -> bytes:
    """Base64url without padding, in its one spelling. Raises ValueError."""
    if not isinstance(encoded, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", encoded):
        raise ValueError("not base64url")
    try:
        raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != encoded:
        raise ValueError("not base64url in its one spelling")
    return raw
