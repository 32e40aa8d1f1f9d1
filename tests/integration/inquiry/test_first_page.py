"""The first page, as the web process serves it to anybody."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client

from core import catalogue
from tests.integration.verification.test_portal import visible

AsRole = Callable[[str], AbstractContextManager[None]]


@pytest.mark.parametrize(("language", "texts"), [("en", "en"), ("zh-hans", "zh")])
def test_it_says_how_to_ask_in_words_that_work(as_role: AsRole, language: str, texts: str) -> None:
    with as_role("web"):
        page = visible(Client(headers={"Accept-Language": language}).get("/"))
    for command in ("trip", "log", "list", "drop", "share", "block", "pause", "erase", "stop"):
        assert catalogue.keywords(texts)[command][0] in page
    assert "OK 482913" in page
    assert "10086" in page
