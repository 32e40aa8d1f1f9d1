import re

from django.conf import settings

from signaling import cells, events, intake, reading, subscription_files
from subscribers.loading import REFUSALS

REASON = re.compile(r"THEN '([^'{]+)'")


def test_every_reason_is_explained_to_operators() -> None:
    page = (settings.BASE_DIR / "docs" / "data-sources.md").read_text()
    constants = {
        value
        for module in (events, intake, subscription_files)
        for name, value in vars(module).items()
        if re.match(r"(BAD|NO)_|FUTURE$|LATE$|TOO_OLD$", name)
    }
    of_cells = REASON.findall((settings.BASE_DIR / "signaling" / "cells.py").read_text())
    of_cells.append(f"range is not a number of metres up to {cells.LARGEST_RANGE_M}")
    reasons = constants | set(of_cells) | set(REFUSALS.values()) | set(reading.REASONS.values())
    assert len(reasons) >= 24
    assert [reason for reason in sorted(reasons) if reason not in page.replace("\n", " ")] == []
