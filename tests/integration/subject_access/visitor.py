"""Somebody at a browser, with or without the phone whose number they type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from subject_access.browser import Browser
from tests.integration.inquiry.talk import Service

CODE = re.compile(r"(\d{4} \d{4})")


@dataclass
class Visitor:
    """One browser. Pages are asked for as the web process, its tasks run as the worker."""

    service: Service
    client: Client = field(default_factory=Client)

    def get(self, path: str) -> HttpResponse:
        with self.service.as_role("web"):
            return self.client.get(path)  # type: ignore[return-value]

    def post(self, path: str, **fields: str) -> HttpResponse:
        with self.service.as_role("web"):
            return self.client.post(path, fields)  # type: ignore[return-value]

    def type_number(self, number: str) -> list[str]:
        """The texts that come to the phone."""
        assert self.post("/me/", number=number)["Location"] == "/me/code/"
        self.service.work()
        return self.service.arrived(number)

    def code_for(self, number: str) -> str:
        (text,) = self.type_number(number)
        found = CODE.search(text)
        assert found, text
        return found[1]

    def type_code(self, code: str) -> bool:
        """Whether it opened the page."""
        response = self.post("/me/code/", code=code)
        self.service.work()
        return response.status_code == 302 and response["Location"] == "/me/record/"

    def open(self, number: str) -> str:
        """The page, opened by who has the phone."""
        assert self.type_code(self.code_for(number))
        return self.page()

    def page(self, part: str = "looks") -> str:
        return self.get(f"/me/record/{part}/").content.decode()

    def is_open(self) -> bool:
        return "/me/close/" in self.page()

    def copy(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.post("/me/copy/json/").content)
        return content

    @property
    def browser(self) -> Browser:
        found = Browser.of_cookie(self.client.cookies[settings.OWN_PAGE_COOKIE].value)
        assert found is not None
        return found


@pytest.fixture
def desk(service: Service) -> Callable[[], Visitor]:
    """`desk()`: somebody sits down at another browser."""
    return lambda: Visitor(service)
