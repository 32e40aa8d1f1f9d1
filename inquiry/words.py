"""How commands are told to readers."""

from functools import partial, reduce

from core import catalogue


def word(locale: str, command: str) -> str:
    """How a command is told to a reader: its first word in their language."""
    return catalogue.keywords(locale)[command][0]


def languages(locale: str) -> str:
    """What to text for another language: LANG en or zh."""
    return f"{word(locale, 'lang')} {reduce(partial(_either, locale), catalogue.locales())}"


def _either(locale: str, first: str, second: str) -> str:
    return catalogue.render(locale, "lang.either", first=first, second=second)
