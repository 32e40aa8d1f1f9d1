"""The page that people read says what the tests hold."""

from tests.unit.inquiry.documentation import PAGE, renewed


def test_the_page_lists_every_case_and_every_text() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), "run: .venv/bin/python -m tests.unit.inquiry.documentation"
