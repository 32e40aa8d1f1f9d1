"""An answer on paper: what it says, what it does not, and the code that proves it.

Its fonts are embedded, so that it shows the same everywhere, Chinese included.
"""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import qrcode
from django.conf import settings
from django.utils import translation
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from core import clock
from core.pages import words
from verification import qr
from verification.presenting import Shown

FONTS = Path(__file__).resolve().parent / "fonts"
LATIN, BOLD, HAN = "latin", "latin-bold", "han"
MISSING = "〓"  # printers' sign for a character that the font has not
INK, SOFT, LINE, ACCENT = (HexColor(c) for c in ("#14212b", "#4a5a66", "#c9d2d8", "#08444f"))
MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN - 12  # a frame pads its content by 6 points
CODE_SIDE = 62 * mm
NOT_LATIN = re.compile(
    r"[^\u0000-\u024f\u1e9e\u20ac\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026]+"
)
LANGUAGE_OF = {"en": "en", "zh": "zh-hans"}


def answer(shown: Shown) -> bytes:
    """The PDF file of an answer, in the language it is shown in."""
    _register()
    with translation.override(LANGUAGE_OF[shown.language]):
        file = io.BytesIO()
        page = SimpleDocTemplate(
            file, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=18 * mm,
            bottomMargin=18 * mm, title=words("pdf.title"), author=settings.PUBLIC_BASE_URL,
            lang="zh-Hans" if shown.language == "zh" else "en",
        )  # fmt: skip
        page.build(list(_content(shown)))
    return file.getvalue()


def _content(shown: Shown) -> Iterator[Flowable]:
    yield _text("Travelcheck", 10, SOFT)
    yield _text(words("pdf.title"), 20, ACCENT, bold=True, after=4)
    yield _text(shown.wording.finding, 11, INK, bold=True, after=2)
    for note in shown.wording.notes[:1]:
        yield _text(note, 9, INK, after=8)
    if shown.answer:
        yield _text(shown.question, 11, INK)
        yield _text(shown.answer.text, 17, INK, bold=True, after=4)
        for item in shown.answer.items:
            yield _text(item, 11, INK)
    rows = [[_text(row.label, 9, SOFT), _text(row.text, 9, INK)] for row in shown.facts]
    yield Spacer(0, 3 * mm)
    yield Table(rows, colWidths=[26 * mm, WIDTH - 26 * mm], style=_LINES)
    yield _text(words("answer.not_said"), 11, INK, bold=True, before=10, after=2)
    for said in shown.not_said:
        yield _text(f"• {said}", 9, INK, after=1)
    yield _text(words("answer.delete_by", day=shown.delete_by.isoformat()), 9, INK, before=6)
    yield Spacer(0, 4 * mm)
    if qr.fits(shown.token):
        how = words("pdf.scan", page=f"{settings.PUBLIC_BASE_URL}/verify/")
        beside = [
            _text(how, 10, INK, after=6),
            _text(words("pdf.as_of", moment=f"{clock.now():%Y-%m-%d %H:%M}"), 9, SOFT),
        ]
        yield Table([[_Code(shown.token), beside]], colWidths=[CODE_SIDE + 6 * mm, None],
                    style=_TOP)  # fmt: skip
    else:
        yield _text(words("pdf.too_long"), 10, INK)


class _Code(Flowable):
    """The token as a QR code of black squares, with the quiet zone it needs."""

    def __init__(self, token: str) -> None:
        super().__init__()
        made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=4)
        made.add_data(token, optimize=0)
        self.modules = made.get_matrix()
        self.width = self.height = CODE_SIDE

    def draw(self) -> None:
        side = CODE_SIDE / len(self.modules)
        path = self.canv.beginPath()
        for y, row in enumerate(reversed(self.modules)):
            for start, length in _runs(row):
                path.rect(start * side, y * side, length * side, side)
        self.canv.drawPath(path, stroke=0, fill=1)


def _runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    """Where black begins, and how many squares of it: fewer and larger rectangles have no gaps."""
    for match in re.finditer("1+", "".join("1" if black else "0" for black in row)):
        yield match.start(), len(match[0])


def _text(
    text: str, size: float, colour: Any, bold: bool = False, before: float = 0, after: float = 0
) -> Paragraph:
    style = ParagraphStyle(
        "text", fontName=BOLD if bold else LATIN, fontSize=size, leading=size * 1.4,
        textColor=colour, spaceBefore=before, spaceAfter=after, wordWrap="CJK",
    )  # fmt: skip
    return Paragraph(_in_fonts(text), style)


def _in_fonts(text: str) -> str:
    """The text with every run of characters in a font that has them."""
    parts: list[str] = []
    end = 0
    for run in NOT_LATIN.finditer(text):
        parts.append(escape(text[end : run.start()]))
        shown = "".join(c if ord(c) in _han() else MISSING for c in run[0])
        parts.append(f'<font name="{HAN}">{escape(shown)}</font>')
        end = run.end()
    return "".join([*parts, escape(text[end:])])


@cache
def _han() -> frozenset[int]:
    font = pdfmetrics.getFont(HAN)
    assert isinstance(font, TTFont)
    return frozenset(font.face.charToGlyph)


@cache
def _register() -> None:
    for name, file in (
        (LATIN, "DejaVuSans-Latin.ttf"),
        (BOLD, "DejaVuSans-Bold-Latin.ttf"),
        (HAN, "DroidSansFallback-Han.ttf"),
    ):
        pdfmetrics.registerFont(TTFont(name, FONTS / file))


_LINES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, -1), 0.5, LINE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.5, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
)
_TOP = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
