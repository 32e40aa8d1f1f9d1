"""How references and fields are shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import template

register = template.Library()


@register.filter
def pseudonym(reference: UUID | str) -> str:
    """The beginning of a reference: enough to tell people apart on one page."""
    return str(reference)[:8]


@register.filter
def short(reference: UUID, names: Mapping[UUID, str]) -> str:
    """A name, or the beginning of a reference that has none any more."""
    return names.get(reference, pseudonym(reference))


@register.filter
def plain(value: Any) -> str:
    """A field of an entry's body, in a line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


@register.filter
def unlocalized(value: float) -> str:
    """A number as SVG reads it, whatever the language."""
    return f"{value:g}"
