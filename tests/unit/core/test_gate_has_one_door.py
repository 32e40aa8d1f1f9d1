import re
from pathlib import Path

from django.conf import settings

CALL = re.compile(r'\b(?:SELECT|FROM)\s[^"]*\bgate\.|Identifier\("gate"')
ROOMS = ("travelcheck", "demo", "subject_access", "inquiry", "verification", "disputes", "consent",
         "travel", "signaling", "subscribers", "sms_gateway", "audit", "core")  # fmt: skip


def test_only_the_gates_own_module_calls_its_functions() -> None:
    """Roles hold it in the database; this holds it in the code, where a reader looks."""
    doors = {
        path.relative_to(settings.BASE_DIR).as_posix()
        for room in ROOMS
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py")
        if CALL.search(path.read_text())
    }
    # Who holds a number is asked one room below, where a load takes the locks of its numbers too.
    # So has a person's own page, which is the web process's but for what it shows.
    # Cases about a visit have a door of their own: two of its functions are the web process's.
    assert doors == {
        "consent/gate.py",
        "disputes/gate.py",
        "subject_access/gate.py",
        "subscribers/services.py",
        "subscribers/loading.py",
    }
