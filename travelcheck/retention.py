"""What is kept, for how long, why, and what enforces it: all of it, on one page.

`docs/architecture.md` shows this table, and a test holds both to each other and to beat. Each
`enforce` deletes or blanks what is over its time and leaves `purge.run` in the log when there was
something. Beat runs the tasks; `manage.py purge` does the same at once, for the role it has.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from django.utils.module_loading import import_string

from core.roles import INGEST, WORKER


class Rule(NamedTuple):
    """`enforce` and `task` are dotted paths, `role` the one that may; none where nothing needs to
    run because the time never ends or ends with something else."""

    what: str
    kept: str
    then: str
    why: str
    role: str = ""
    enforce: str = ""
    task: str = ""


SIGNALING: Final = (INGEST, "signaling.retention.purge", "signaling.tasks.purge")
BODIES: Final = (
    WORKER,
    "sms_gateway.services.retention.purge_bodies",
    "sms_gateway.tasks.purge_bodies",
)

DISPUTES: Final = (WORKER, "disputes.services.tidy", "disputes.tasks.tidy")

RULES: Final = (
    Rule("stay-points, coverage", "the window of 14 days", "their day's partition is dropped",
         "the service answers for these days, and no others", *SIGNALING),
    Rule("signaling events", "48 hours after their day ended", "their sketches stay",
         "late events are still counted in", *SIGNALING),
    Rule("sketches", "the window and one day before it", "the day's files are deleted",
         "a stay may begin on the day before", *SIGNALING),
    Rule("body of an answer", "until delivered, 24 hours at most", "blanked",
         "the provider may have to be tried again", *BODIES),
    Rule("body of another text", "24 hours after it was handled", "blanked",
         "a crash must lose none", *BODIES),
    Rule("a text's row without its body: when, under which index, whether it was STOP, the digest"
         " of a code", "until the number is erased; without end otherwise", "its index is nobody's",
         "a text that is sent to us again is no new one"),
    Rule("the last word of a number, STOP or START, and senders that a provider blocks for it",
         "without end, under its index", "", "who said STOP is not texted again by mistake"),
    Rule("calls to providers, without numbers", "14 days", "deleted",
         "to find out what went wrong", *BODIES),
    Rule("texts nobody understood, without their words", "14 days", "deleted",
         "an operator finds out what people meant", *BODIES),
    Rule("what operators asked for about a text: its reference, no word of it",
         "90 days after it was done", "deleted", "who did what is in the log anyway", *BODIES),
    Rule("a provider's incidents and shares, without texts or numbers", "a year after they closed",
         "deleted", "to compare providers over a year", *BODIES),
    Rule("the rest of a long answer", "1 hour", "blanked", "the person may text MORE",
         WORKER, "inquiry.memory.forget_old", "inquiry.tasks.sweep"),
    Rule("visits of the last answer, for `WRONG`", "an hour, sealed", "deleted",
         "so that the numbers in an answer mean what they meant", *DISPUTES),
    Rule("evidence of a disputed visit, a day each",
         "until decided or withdrawn, within the window, sealed", "deleted",
         "an operator looks at it once, with consent", *DISPUTES),
    Rule("cases and overrides", "until the visit has left the window", "deleted",
         "what was found wrong stays right in every answer", *DISPUTES),
    Rule("sharing codes", "until no request can rest on them", "deleted",
         "a request may come at the last moment",
         WORKER, "consent.services.choices.forget_codes", "consent.tasks.expire_due"),
    Rule("uploaded files of people", "numbers until sent, 2 hours at most; rows 90 days",
         "blanked, then deleted", "the asker sees what became of each row",
         WORKER, "verification.services.uploads.forget", "verification.tasks.forget_uploads"),
    Rule("signed answers' status", "while they are valid, and a day", "deleted",
         "whoever holds an answer can see that it was revoked",
         WORKER, "verification.services.issuing.publish_lists", "verification.tasks.publish"),
    Rule("log-in sessions", "until they end", "deleted", "nobody logs in with them",
         WORKER, "accounts.sessions.forget", "accounts.tasks.forget_sessions"),
    Rule("invitations, applications that were declined", "90 days", "deleted",
         "an applicant may ask why",
         WORKER, "organisations.services.retention.forget", "organisations.tasks.forget"),
    Rule("consent and its evidence", "until the person's key is destroyed", "unreadable",
         "proof of what was agreed, for the person too"),
    Rule("log entries, no personal data in clear",
         "three full years after their own, by whole years",
         "deleted once a later log says how the year ended and a copy of it was verified; its last"
         " checkpoint stays", "claims can be made for as long; what can be deleted sooner proves"
         " nothing", WORKER, "audit.services.prune_due", "audit.tasks.prune"),
    Rule("the end of a pruned year", "without end", "", "it proves what copies elsewhere say"),
    Rule("legal holds, by pseudonym", "without end", "",
         "who decided what must be kept, and until when"),
    Rule("an erasure that a legal hold keeps waiting", "until the hold ends, a year at most",
         "carried out", "the law goes first, then the person",
         WORKER, "inquiry.erasures.carry_out_due", "inquiry.tasks.sweep"),
)  # fmt: skip


def enforce(role: str) -> Iterator[tuple[str, int]]:
    """Enforce what is this role's; yields what was looked at, and how much was deleted of it."""
    done: set[str] = set()
    for rule in RULES:
        if rule.role == role and rule.enforce not in done:
            done.add(rule.enforce)
            together = ", ".join(r.what for r in RULES if r.enforce == rule.enforce)
            gone: Any = import_string(rule.enforce)()
            yield together, len(gone) if isinstance(gone, Sequence) else int(gone)
