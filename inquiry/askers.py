"""How organisations, and what they ask, are told to people."""

from collections.abc import Iterable
from uuid import UUID

from core import catalogue
from organisations import selectors


class Askers:
    """The names of some organisations, as registered, in one reader's language."""

    def __init__(self, locale: str, refs: Iterable[UUID | None]) -> None:
        self.locale = locale
        self._names = selectors.names_of([ref for ref in refs if ref is not None])

    def name(self, ref: UUID | None) -> str:
        """An organisation that is not kept any more has no name."""
        name = self._names.get(ref) if ref else None
        return name or catalogue.render(self.locale, "asker.gone")


def asker(locale: str, ref: UUID | None) -> str:
    """The name of one organisation."""
    return Askers(locale, [ref]).name(ref)


def purpose(locale: str, code: str) -> str:
    """What an answer is for, in few words."""
    return catalogue.render(locale, f"purpose.{code}")


def question(locale: str, code: str) -> str:
    """What kind of answer an organisation gets, in few words."""
    return catalogue.render(locale, f"question.{code}")
