"""The same check as offline, with the keys and the status lists that are published now."""

from datetime import UTC

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core import clock
from verification import selectors
from verification.reading import Report, Verdict, check


def check_now(token: str) -> Report:
    """Whether an answer is genuine and still stands."""
    now = clock.now()
    keys = {
        key.key_id: Ed25519PublicKey.from_public_bytes(bytes(key.public_key))
        for key in selectors.published_keys()
    }
    report = check(token, keys, now=now)
    if report.verdict is not Verdict.GENUINE or report.statement is None:
        return report
    day = report.statement.issued_at.astimezone(UTC).date()
    # Without its list an answer is not confirmed here: an empty text is no list.
    listed = check(token, keys, now=now, status=selectors.status_list(day) or "")
    # Issued a few minutes ago, after its list: then that is what cannot be told yet.
    return report if listed.finding == "status_old" else listed
