"""One running demo for all tests that only use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Demo, new_folder, running_demo


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with new_folder() as folder, running_demo(folder) as running:
        yield running
