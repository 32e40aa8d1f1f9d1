"""Canaries: planted personal data, in every form in which it could hide."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

from demo.people import PEOPLE
from demo.places import BANGKOK, XISHUANGBANNA

NUMBER, IMSI, CITY_NAME, CITY_CODE = "number", "imsi", "city_name", "city_code"
KINDS = (NUMBER, IMSI, CITY_NAME, CITY_CODE)


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted value."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Needle:
    """One form of a canary. `alone`: found only where no letter or digit touches it."""

    kind: str
    form: str
    pattern: bytes
    alone: bool = False

    def is_in(self, haystack: bytes) -> bool:
        if not self.alone:
            return self.pattern in haystack
        touching = rb"[0-9A-Za-z]"
        expression = rb"(?<!%b)%b(?!%b)" % (touching, re.escape(self.pattern), touching)
        return self.pattern in haystack and re.search(expression, haystack) is not None


def demo_canaries() -> list[Canary]:
    """What the demo plants: all its numbers and IMSIs, and two cities nobody else goes to."""
    numbers = [Canary(NUMBER, person.number) for person in PEOPLE]
    imsis = [Canary(IMSI, sim.imsi) for person in PEOPLE for sim in person.sims]
    cities = [
        canary
        for place in (XISHUANGBANNA, BANGKOK)
        for canary in (
            Canary(CITY_NAME, place.en),
            Canary(CITY_NAME, place.zh),
            Canary(CITY_CODE, place.code),
        )
    ]
    return numbers + imsis + cities


def needles(canaries: Iterable[Canary]) -> list[Needle]:
    """Every form of every canary, without those that a shorter one of their kind finds too."""
    all_forms = {needle.pattern: needle for canary in canaries for needle in _forms(canary)}
    return [
        needle
        for needle in all_forms.values()
        if not any(
            other.kind == needle.kind
            and len(other.pattern) < len(needle.pattern)
            and other.pattern in needle.pattern
            for other in all_forms.values()
        )
    ]


def _forms(canary: Canary) -> Iterator[Needle]:
    if canary.kind == CITY_CODE:
        # Six digits occur by chance inside longer ones, so only as a word of its own.
        yield Needle(canary.kind, "plain", canary.value.encode(), alone=True)
        return
    for text in _spellings(canary):
        plain = text.encode()
        yield Needle(canary.kind, "plain", plain)
        yield Needle(canary.kind, "hex", plain.hex().encode())
        yield Needle(canary.kind, "HEX", plain.hex().upper().encode())
        yield Needle(canary.kind, "url", quote_plus(text).encode())
        yield Needle(canary.kind, "json", text.encode("ascii", "backslashreplace"))
        yield Needle(canary.kind, "escaped", plain.decode("ascii", "backslashreplace").encode())
        yield Needle(canary.kind, "reversed", text[::-1].encode())
        for encoding in ("utf-16-le", "utf-16-be"):
            yield Needle(canary.kind, encoding, text.encode(encoding))
            yield Needle(canary.kind, f"{encoding} hex", text.encode(encoding).hex().encode())
        for form, pattern in _base64(plain):
            yield Needle(canary.kind, form, pattern)
        if canary.kind != CITY_NAME:
            yield from _bare_hashes(canary.kind, plain)


def _spellings(canary: Canary) -> Iterator[str]:
    yield canary.value
    if canary.kind == NUMBER:
        yield canary.value.removeprefix("+")
        yield canary.value.removeprefix("+86")


def _base64(plain: bytes) -> Iterator[tuple[str, bytes]]:
    """Base64 of the text wherever it begins in what was encoded: three alignments."""
    for alphabet, altchars in (("base64", b"+/"), ("base64url", b"-_")):
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + plain, altchars).rstrip(b"=")
            # Characters that also hold bits of neighbouring bytes are left out.
            first = (before * 8 + 5) // 6
            last = (before + len(plain)) * 8 // 6
            yield f"{alphabet} +{before}", whole[first:last]


def _bare_hashes(kind: str, plain: bytes) -> Iterator[Needle]:
    """All numbers can be hashed in hours, so a bare hash of one is the number itself."""
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, plain, usedforsecurity=False).digest()
        yield Needle(kind, f"{name} hex", digest.hex().encode())
        yield Needle(kind, f"{name} bytes", digest)
        yield Needle(kind, f"{name} base64", base64.b64encode(digest).rstrip(b"="))
