from typing import Any

import pytest

from core.logs import mask_digits


@pytest.mark.parametrize(
    "text",
    [
        "+8615400000001",
        "8615400000001 wrote",
        "no row for 460001234567890",
        "call +1 555-123-4567 now",
        "(010) 5888 7777",
        "number=%2b8615400000001",
        "'+8615400000001'",
    ],
)
def test_what_looks_like_a_number_is_masked(text: str) -> None:
    event: dict[str, Any] = mask_digits(None, "info", {"event": text, "detail": text})
    assert "•••" in event["event"]
    assert not any(part in f"{event}" for part in ("154000", "46000", "123-4567", "7777"))


def test_short_figures_and_times_are_kept() -> None:
    line = {
        "event": "handled 1200 rows in 0.012345678s, task b2c41234-d4b0-4000-a1b2-c3d4e5f60718",
        "timestamp": "2026-11-23T08:00:00.123456Z",
        "rows": 12,
    }
    assert mask_digits(None, "info", dict(line)) == line


@pytest.mark.parametrize(
    "path",
    ["/account/set-up/{}/", "/employers/invitations/{}/", "/account/password/reset/key/{}/"],
)
def test_a_link_that_works_once_is_masked(path: str) -> None:
    token = "Xy9-_abcdefghijk"
    line = f"Not Found: {path.format(token)} <WSGIRequest: GET '{path.format(token)}'>"
    event: dict[str, Any] = mask_digits(None, "warning", {"event": line})
    assert token not in event["event"]
    assert path.split("{")[0] in event["event"]
