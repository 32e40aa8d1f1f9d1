"""The generated parts of `docs/conversation.md`. Run as a module, it writes them anew."""

from pathlib import Path

from core import catalogue
from tests.integration.inquiry.cases import CASES
from tests.unit.inquiry.test_texts import BUDGET, PARTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "conversation.md"
END = "<!-- end -->"


def cases() -> str:
    rows = ["| what | text | reply |", "|---|---|---|"]
    for case in CASES:
        reply = f"`{case.key}`" if case.key else "silence"
        sent = case.shown or f"`{case.sent}`"
        rows.append(f"| {case.what} | {sent} | {reply} |")
    return "\n".join(rows)


def texts() -> str:
    english, chinese = (catalogue.language(code).texts for code in ("en", "zh"))
    rows = ["| key | segments | English | 中文 |", "|---|---|---|---|"]
    for key in english:
        segments = "part" if key in PARTS or key.startswith("answer.") else BUDGET.get(key, 1)
        rows.append(f"| `{key}` | {segments} | {english[key]} | {chinese[key]} |")
    return "\n".join(rows)


def renewed(page: str) -> str:
    """The page with its generated parts as they should be."""
    for name, content in (("cases", cases()), ("texts", texts())):
        before, found, after = page.partition(f"<!-- {name} -->\n")
        assert found, name
        page = f"{before}{found}{content}\n{after[after.index(END) :]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
