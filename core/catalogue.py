"""Languages of the SMS conversation: each is one file `locale/sms/<code>.toml`, nothing else.

A file has `[language]` (what it is called and how it is recognised), `[keywords]` (what people may
text, per command), `[dates]` and `[texts]`. It is strict: a missing text or placeholder is an
error, and so is a keyword that means one thing in one language and another in the next, because
the keywords of all languages work whatever language a person reads.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from core.text import fold, gsm7, words

FOLDER = Path(__file__).resolve().parent.parent / "locale" / "sms"
FIRST = "en"  # the language of a text that does not show its own


class CatalogueError(Exception):
    """A language file is incomplete, or a text was asked for with other values than it names."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language file. `city_name` is the field of a city that holds its name in it."""

    code: str
    name: str
    names: tuple[str, ...]
    script: str
    is_gsm7: bool
    city_name: str
    dates: Mapping[str, Any]
    keywords: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]


def load(path: Path) -> Language:
    """The language in a file. Raises CatalogueError naming the file and what is wrong in it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        about = content["language"]
        return Language(
            code=path.stem,
            name=about["name"],
            names=tuple(about["names"]),
            script=about["script"],
            is_gsm7=about["encoding"] == "gsm7",
            city_name=about["city_name"],
            dates=content["dates"],
            keywords={command: tuple(forms) for command, forms in content["keywords"].items()},
            texts=dict(_flat(content["texts"])),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: {error}") from error


@cache
def languages() -> Mapping[str, Language]:
    """All languages by code, `FIRST` first."""
    found = {path.stem: load(path) for path in sorted(FOLDER.glob("*.toml"))}
    order = sorted(found, key=lambda code: (code != FIRST, code))
    return {code: found[code] for code in order}


def locales() -> tuple[str, ...]:
    """The codes of all languages, the default first."""
    return tuple(languages())


def language(locale: str) -> Language:
    """A language by code; the default for a code that is not there (or not any more)."""
    return languages().get(locale) or languages()[FIRST]


def keywords(locale: str) -> Mapping[str, tuple[str, ...]]:
    """Command -> the words for it in one language, as written in its file."""
    return language(locale).keywords


@cache
def commands() -> Mapping[str, str]:
    """Compact folded keyword of any language -> command. Raises when two languages disagree."""
    meaning: dict[str, str] = {}
    for code, spoken in languages().items():
        for command, forms in spoken.keywords.items():
            for form in forms:
                known = meaning.setdefault(compact(form), command)
                if known != command:
                    raise CatalogueError(f"{code}: {form!r} means both {known} and {command}")
    return meaning


def compact(text: str) -> str:
    """A keyword, or what may be one, without the spaces between its letters."""
    return "".join(words(fold(text)))


def placeholders(template: str) -> frozenset[str]:
    """The names in braces of a text. Raises CatalogueError for anything but plain names."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise CatalogueError(f"not a plain placeholder: {{{name}}}")
        names.add(name)
    return frozenset(names)


def render(locale: str, key: str, **values: str | int) -> str:
    """The text `key` in a language with its placeholders filled.

    Raises CatalogueError when the language has no such text, when a placeholder has no value or a
    value has no placeholder. The values themselves never appear in the error.
    """
    spoken = language(locale)
    template = spoken.texts.get(key)
    if template is None:
        raise CatalogueError(f"{spoken.code}: no text {key!r}")
    named = placeholders(template)
    if named != values.keys():
        wrong = ", ".join(sorted(named ^ values.keys()))
        raise CatalogueError(f"{spoken.code}: {key!r} and its values differ in: {wrong}")
    text = template.format_map(values)
    return gsm7(text) if spoken.is_gsm7 else text


def format_day(locale: str, day: date) -> str:
    """A day without its year, as the language writes it: 9 Nov, 11月9日."""
    dates = language(locale).dates
    return str(dates["day"]).format(day=day.day, month=dates["months"][day.month - 1])


def format_days(locale: str, first: date, last: date) -> str:
    """A range of days, both included: 9-14 Nov, 30 Oct-2 Nov, 9 Nov."""
    dates = language(locale).dates
    if first == last:
        return format_day(locale, first)
    pattern = dates["range"] if first.month == last.month else dates["range_across_months"]
    return str(pattern).format(
        first_day=first.day,
        first_month=dates["months"][first.month - 1],
        last_day=last.day,
        last_month=dates["months"][last.month - 1],
    )


def _flat(texts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested tables of texts as dotted keys; folded lines of a text are joined with spaces."""
    result: list[tuple[str, str]] = []
    for key, value in texts.items():
        if isinstance(value, str):
            result.append((f"{prefix}{key}", value.strip("\n")))
        else:
            result.extend(_flat(value, f"{prefix}{key}."))
    return result
