"""What exactly a person will read, shown to the asker before anything is sent."""

from dataclasses import dataclass

from consent import notices as texts
from consent.codes import DIGITS
from consent.models import Request
from consent.terms import employer_question
from core import catalogue
from core.models import Installation
from organisations.models import Organisation
from verification.places import as_texted
from verification.services.requests import Question

TAGS = {"zh": "zh-Hans"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice in one language, with zeros for its code. `tag` is the language's (BCP 47)."""

    tag: str
    language: str
    text: str


def notices(organisation: Organisation, question: Question) -> list[Preview]:
    """The notice in each language of the service, as it would be sent now."""
    request = Request(
        org_ref=organisation.id,
        purpose=question.purpose,
        question=question.question,
        places={"cities": list(question.cities), "countries": list(question.countries)},
        days=question.days,
        kept_days=question.kept_days,
    )
    installation = Installation.objects.get()
    found = []
    for locale in catalogue.locales():
        notice = texts.render_employer_question(
            locale=locale,
            code="0" * DIGITS,
            terms=employer_question(request, organisation.name),
            places=as_texted([*question.cities, *question.countries], locale),
            installation=installation,
        )
        name = catalogue.language(locale).name
        found.append(Preview(TAGS.get(locale, locale), name, notice.text))
    return found
