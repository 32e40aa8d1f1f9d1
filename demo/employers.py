"""The two employers of the demo, and the log-ins that it shows. They open nothing else.

`python -m demo.employers` prints the log-ins with the present code of the second factor.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from travelcheck.stack.folders import local_folder

#: Of every log-in of the demo. They are printed at its start, so they are no secrets.
PASSWORD = "only-in-the-demo-4711"  # noqa: S105
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105
STEP = 30  # seconds that a code of the second factor lasts

OPERATOR, AUDITOR = "operator@demo.example", "auditor@demo.example"


@dataclass(frozen=True, slots=True)
class Employer:
    """An organisation as it is registered, and the e-mail address of its owner."""

    name: str
    legal_id: str
    owner: str
    purpose: str
    may_ask_by_number: bool


HARBOUR = Employer(
    "Harbour Works Ltd", "DEMO-HARBOUR", "harbour@demo.example", "return_to_work", True
)
LANTERN = Employer("Lantern Hotels", "DEMO-LANTERN", "lantern@demo.example", "site_access", False)
EMPLOYERS = (HARBOUR, LANTERN)


@dataclass(frozen=True, slots=True)
class Access:
    """What an employer's software was given: the organisation's id, and the text of an API key."""

    organisation: str
    key: str


def access_file() -> Path:
    return local_folder() / "demo" / "employers.json"


def keep(given: dict[str, Access]) -> None:
    """Store what the employers were given, by name, for the scripted conversations."""
    path = access_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps({name: asdict(one) for name, one in given.items()}))
    unfinished.replace(path)


def kept() -> dict[str, Access]:
    """What was stored; nothing before the employers were registered."""
    try:
        stored = json.loads(access_file().read_text())
    except FileNotFoundError:
        return {}
    return {name: Access(**one) for name, one in stored.items()}


def second_factor(at: float) -> str:
    """The code that an authenticator app with the demo's secret shows at this time (RFC 6238)."""
    counter = int(at // STEP).to_bytes(8, "big")
    mac = hmac.digest(base64.b32decode(TOTP_SECRET), counter, hashlib.sha1)
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def log_ins() -> list[str]:
    """Who can log in to the demo, and how, as lines for the terminal."""
    who = (
        (f"{HARBOUR.name}, asks by number", HARBOUR.owner),
        (f"{LANTERN.name}, asks by code", LANTERN.owner),
        ("operator", OPERATOR),
        ("auditor", AUDITOR),
    )
    return [
        *(f"{email:<24} {what}" for what, email in who),
        f"password      {PASSWORD}",
        f"second factor {second_factor(time.time())} now, good once within {STEP} seconds;",
        "              the next: .venv/bin/python -m demo.employers",
        f"              or in an authenticator app: {TOTP_SECRET}",
    ]


if __name__ == "__main__":
    print("\n".join(log_ins()))
