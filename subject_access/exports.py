"""The record as files: JSON, and one CSV for each list in it."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from core.pages import words
from verification import tables

#: What is explained at the head of a copy: `my_page.readme_<name>`.
README = (
    "what", "looks", "consents", "answers", "disputes", "texts", "choices", "entries", "left_out",
    "recipients", "kept", "rights", "proofs", "complete",
)  # fmt: skip
COMMAND = "python -m audit.verify --export FILE --policy POLICY"
LISTS = ("looks", "consents", "answers", "disputes", "texts", "entries")


def with_readme(content: Mapping[str, Any]) -> dict[str, Any]:
    """The record with what the law wants said beside it, in the language of the page."""
    readme = {name: words(f"my_page.readme_{name}") for name in README}
    kept = [rule._asdict() for rule in import_string(settings.RETENTION_RULES)]
    retention = [{name: one[name] for name in ("what", "kept", "then", "why")} for one in kept]
    return {"readme": readme, "check": COMMAND, "retention": retention, **content}


def as_json(content: Mapping[str, Any]) -> bytes:
    """All of it."""
    return json.dumps(with_readme(content), ensure_ascii=False, indent=1).encode()


def as_zip(content: Mapping[str, Any]) -> bytes:
    """A CSV file for each list, the rest in `readme.txt`. What has parts of its own is JSON in its
    cell."""
    whole = with_readme(content)
    about = "\r\n\r\n".join(whole["readme"].values())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", f"{tables.BYTE_ORDER_MARK}{about}\r\n\r\n{COMMAND}\r\n")
        for name in LISTS:
            archive.writestr(f"{name}.csv", as_csv(content[name]))
        rest = {n: v for n, v in whole.items() if n not in (*LISTS, "readme", "retention")}
        archive.writestr("about.csv", as_csv({"name": n, "value": v} for n, v in rest.items()))
        archive.writestr("retention.csv", as_csv(whole["retention"]))
    return packed.getvalue()


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Lines of the same columns, none of which a spreadsheet takes for a formula."""
    listed = list(rows)
    head = list(listed[0]) if listed else []
    return "".join(tables.lines(head, ([_cell(value) for value in row.values()] for row in listed)))


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
