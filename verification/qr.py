"""An answer as a QR code that a phone held at arm's length can read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qrcode
from qrcode.image.svg import SvgPathImage

from verification.claims import Statement

#: Version 22 at level L takes 1,003: 105 modules a side, 5 cm in print.
MOST_BYTES = 999


class TooLargeError(ValueError):
    """The answer does not fit. It is handed over as a file then."""


def fitting(said: Statement, sign: Callable[[Statement], str]) -> str:
    """The token of an answer, without names where it would not fit a QR code with them.

    Codes and the audience's id always stay. What does not fit even so keeps its names: it is
    handed over as a file.
    """
    nameless: dict[str, Any] = {"audience_name": "", "names": {}}
    whole = sign(said)
    if fits(whole):
        return whole
    for left_out in (("audience_name",), ("names",), ("audience_name", "names")):
        token = sign(replace(said, **{name: nameless[name] for name in left_out}))
        if fits(token):
            return token
    return whole


def fits(token: str) -> bool:
    return len(token) <= MOST_BYTES


def svg(token: str) -> str:
    """The code as an SVG image, to be put into a page. Raises TooLargeError."""
    if not fits(token):
        raise TooLargeError(f"an answer of {len(token)} bytes; a QR code takes {MOST_BYTES}")
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_L, image_factory=SvgPathImage, border=4
    )
    code.add_data(token, optimize=0)
    return str(code.make_image().to_string(encoding="unicode"))
