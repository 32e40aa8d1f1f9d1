"""The closed lists of events and fields in `sql/vocabulary.sql`, for those without a database.

Needs the standard library alone.
"""

import re
from functools import cache
from importlib.resources import files

_EVENT = re.compile(r"\('([a-z_.]+)',\s+(?:true|false),\s+'\{([a-z0-9_,]*)\}'")
_FIELD = re.compile(r"\('([a-z0-9_]+)',\s+'[a-z]+',\s+(?:NULL|'\{[^}]*\}')")

#: Members of a body that are no fields.
MEMBERS = frozenset({"v", "event", "entry_uuid", "occurred_at", "actor", "enc"})


@cache
def events() -> dict[str, frozenset[str]]:
    """Each event, and the members that an entry about it has."""
    found: dict[str, str] = dict(_EVENT.findall(_text()))
    return {
        name: (MEMBERS - {"enc"}) | frozenset(required.split(",") if required else ())
        for name, required in found.items()
    }


@cache
def members() -> frozenset[str]:
    """Everything that a body may have."""
    return MEMBERS | frozenset(_FIELD.findall(_text()))


def _text() -> str:
    return (files("audit") / "sql" / "vocabulary.sql").read_text()
