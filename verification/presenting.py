"""An answer that was handed over, as its asker sees it: on the page and in the files."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from core.pages import words
from verification import online, qr
from verification.claims import to_claims
from verification.listing import Listed
from verification.reading import Report, Standing, Verdict
from verification.wording import Row, Wording, worded
from verification.words import WORDS, language_of


@dataclass(frozen=True, slots=True)
class Shown:
    """What the token says and whether it stands, in one language (`en` or `zh`).

    `delete_by`: the last day on which the asker may keep it, by what the person agreed to.
    """

    token: str
    report: Report
    wording: Wording
    language: str
    delete_by: date

    @property
    def answer(self) -> Row | None:
        return next((row for row in self.wording.rows if row.is_answer), None)

    @property
    def question(self) -> str:
        """The question as the token puts it."""
        return self._row("question")

    @property
    def number(self) -> str:
        """What it is about: a number, by its last two digits."""
        return self._row("number")

    @property
    def seen(self) -> str:
        """How much was seen, and through when."""
        return self._row("seen")

    def _row(self, name: str) -> str:
        label = WORDS[self.language][name]
        return next((row.text for row in self.wording.rows if row.label == label), "")

    @property
    def facts(self) -> tuple[Row, ...]:
        return tuple(row for row in self.wording.rows if not row.is_answer)

    @property
    def last_two(self) -> str:
        return self.report.statement.last_two if self.report.statement else ""

    @property
    def not_said(self) -> list[str]:
        """What an answer does not say, in the language of the page."""
        return [
            words("answer.compare", digits=self.last_two),
            words("answer.no_verdict"),
        ]

    @property
    def can_be_handed_on(self) -> bool:
        """Whether there are files of it: not of one that was wrong or has been taken back."""
        return self.report.verdict is Verdict.GENUINE or self.report.standing is Standing.DISPUTED

    @property
    def code(self) -> str:
        """The QR code as SVG; empty for an answer that is too long for one."""
        return qr.svg(self.token) if qr.fits(self.token) else ""


def shown(token: str, request: Listed, language: str) -> Shown:
    """The answer to a request, checked as of now."""
    spoken = language_of(language)
    report = online.check_now(token)
    assert request.answer is not None
    assert request.answer.handed_over_at is not None
    kept = timedelta(days=request.request.kept_days)
    return Shown(
        token,
        report,
        worded(report, spoken, audience_known=True),
        spoken,
        (request.answer.handed_over_at + kept).date(),
    )


def as_json(one: Shown) -> dict[str, Any]:
    """The answer as a file for software: the token counts, the rest is there to be read."""
    said = one.report.statement
    return {
        "token": one.token,
        "claims": to_claims(said) if said else None,
        "finding": one.report.finding,
        "status_as_of": one.report.as_of.isoformat() if one.report.as_of else None,
        "in_words": {row.label: [row.text, *row.items] for row in one.wording.rows},
        "delete_by": one.delete_by.isoformat(),
        "check_at": {
            "page": f"{settings.PUBLIC_BASE_URL}/verify/",
            "keys": f"{settings.PUBLIC_BASE_URL}/.well-known/jwks.json",
            "status_list": said.status_list if said else None,
        },
    }
