"""How commands are told to readers."""

from core import catalogue


def word(locale: str, command: str) -> str:
    """How a command is told to a reader: its first word in their language."""
    return catalogue.keywords(locale)[command][0]


def languages(locale: str) -> str:
    """What to text for each language: LANG en, LANG zh."""
    separator = str(catalogue.language(locale).dates["separator"])
    return separator.join(f"{word(locale, 'lang')} {code}" for code in catalogue.locales())
