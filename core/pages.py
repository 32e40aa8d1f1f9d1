"""Words of web pages: each language is one file `locale/pages/<code>.toml`, nothing else.

Pages that come with allauth bring their own words, in the same languages.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import lazystr
from django.utils.translation import get_language

from core.catalogue import CatalogueError, placeholders

FOLDER = Path(__file__).resolve().parent.parent / "locale" / "pages"
FIRST = "en"


@cache
def languages() -> Mapping[str, Mapping[str, str]]:
    """Language code -> key -> text."""
    return {
        path.stem: dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
        for path in sorted(FOLDER.glob("*.toml"))
    }


def words(key: str, /, **values: object) -> str:
    """The text `key` in the language of the request. Raises CatalogueError when it is missing, or
    its placeholders are not those given."""
    spoken = languages().get(get_language() or FIRST) or languages()[FIRST]
    text = spoken.get(key)
    if text is None or placeholders(text) != values.keys():
        raise CatalogueError(f"pages: {key!r} is missing, or its values are not those given")
    return text.format_map(values)


def later(key: str) -> Any:
    """The text in the language it is shown in: for labels that are made when the program starts."""
    return lazystr(_Later(key))


class _Later:
    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return words(self.key)


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, str):
            found.append((f"{prefix}{key}", " ".join(value.split())))
        else:
            found.extend(_flat(value, f"{prefix}{key}."))
    return found
