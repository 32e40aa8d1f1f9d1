"""`{% load words %}{% words "members.title" %}`: texts of pages, in the reader's language."""

from django import template

from core import pages

register = template.Library()


@register.simple_tag
def words(key: str, /, **values: object) -> str:
    """Escaped by the template like any other text."""
    return pages.words(key, **values)


@register.simple_tag
def word_of(group: str, value: str) -> str:
    """The text of one value of a closed list: `{% word_of "role" member.role %}`."""
    return pages.words(f"{group}.{value.replace(':', '_')}")
