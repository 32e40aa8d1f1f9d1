"""What exactly a person will read, shown to the asker before anything is sent."""

from dataclasses import dataclass

from organisations.models import Organisation
from verification.services.requests import Question


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice in one language, with the digits of its code left open."""

    locale: str
    text: str


def notices(organisation: Organisation, question: Question) -> list[Preview]:
    """The notice in each language of the service."""
    return []
