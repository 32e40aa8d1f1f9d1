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

OWN_PAGE: Final = (WORKER, "subject_access.services.forget", "subject_access.tasks.forget")

LAST_WORD: Final = (
    "the last word of a number, STOP or START, and senders that a provider blocks for it"
)
OPERATORS_WISHES: Final = "what operators asked for about a text: its reference, no word of it"
INCIDENTS: Final = "a provider's incidents and shares, without texts or numbers"
YEARS: Final = "log entries, no personal data in clear"

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
         " of a code", "without end, under an index that only who has `DATA_KEY` can test a number"
         " against", "", "a text that is sent to us again is no new one, also after an erasure"),
    Rule(LAST_WORD,
         "without end, under its index", "", "who said STOP is not texted again by mistake"),
    Rule("calls to providers, without numbers", "14 days", "deleted",
         "to find out what went wrong", *BODIES),
    Rule("texts nobody understood, without their words", "14 days", "deleted",
         "an operator finds out what people meant", *BODIES),
    Rule(OPERATORS_WISHES,
         "90 days after it was done", "deleted", "who did what is in the log anyway", *BODIES),
    Rule(INCIDENTS, "a year after they closed",
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
    Rule("a person's own page: what it shows, for their browser alone", "15 minutes, sealed",
         "blanked", "the person reads it", *OWN_PAGE),
    Rule("that a number was typed there, by its index", "a day", "deleted",
         "codes to a number are few in a day", *OWN_PAGE),
    Rule("sharing codes", "until no request can rest on them", "deleted",
         "a request may come at the last moment",
         WORKER, "consent.services.choices.forget_codes", "consent.tasks.expire_due"),
    Rule("signed answers themselves", "24 hours after they were handed over, sealed", "blanked",
         "the asker fetches theirs; what was taken back is blanked at once",
         WORKER, "verification.services.answering.blank", "verification.tasks.forget"),
    Rule("organisations' questions, and that there was an answer", "92 days", "deleted",
         "what one organisation may ask about one person is counted over 91",
         WORKER, "verification.services.answering.forget", "verification.tasks.forget"),
    Rule("replies of the API, for idempotency keys", "24 hours, sealed", "deleted",
         "the same request sent again gets the same reply",
         WORKER, "verification.services.replies.forget", "verification.tasks.forget_replies"),
    Rule("calls to organisations' servers", "30 days", "deleted",
         "the organisation sees what became of each",
         WORKER, "verification.services.calling.forget", "verification.tasks.forget_deliveries"),
    Rule("who called to have everything ended", "30 days after it was done, sealed", "deleted",
         "there may be questions about it",
         WORKER, "consent.services.by_phone.forget", "consent.tasks.expire_due"),
    Rule("uploaded files of people", "numbers until sent, 2 hours at most; rows 90 days",
         "blanked, then deleted", "the asker sees what became of each row",
         WORKER, "verification.services.uploads.forget", "verification.tasks.forget_uploads"),
    Rule("signed answers' status", "while they are valid, and a day", "deleted",
         "whoever holds an answer can see that it was revoked",
         WORKER, "verification.services.issuing.publish_lists", "verification.tasks.publish"),
    Rule("log-in sessions", "until they end", "deleted", "nobody logs in with them",
         WORKER, "accounts.sessions.forget", "accounts.tasks.forget_sessions"),
    Rule("an auditor's export of a search", "a day", "deleted", "it is fetched once",
         WORKER, "oversight.services.exporting.forget", "oversight.tasks.forget"),
    Rule("invitations, applications that were declined", "90 days", "deleted",
         "an applicant may ask why",
         WORKER, "organisations.services.retention.forget", "organisations.tasks.forget"),
    Rule("consent and its evidence", "until the person's key is destroyed", "unreadable",
         "proof of what was agreed, for the person too"),
    Rule(YEARS,
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


#: Every table of the database -> `what` of the rule that ends its rows ...
ENDED_BY: Final = {
    "audit_entry": YEARS,
    "audit_leaf": YEARS,
    "audit_node": YEARS,
    "audit_pruned": "the end of a pruned year",
    "consent_consent": "consent and its evidence",
    "consent_erasurewish": "an erasure that a legal hold keeps waiting",
    "consent_notice": "consent and its evidence",
    "consent_release": "consent and its evidence",
    "consent_request": "organisations' questions, and that there was an answer",
    "consent_sharingcode": "sharing codes",
    "consent_withdrawalbyphone": "who called to have everything ended",
    "disputes_dispute": "cases and overrides",
    "disputes_evidence": "evidence of a disputed visit, a day each",
    "disputes_lastvisits": "visits of the last answer, for `WRONG`",
    "disputes_look": "evidence of a disputed visit, a day each",
    "disputes_override": "cases and overrides",
    "django_session": "log-in sessions",
    "inquiry_conversation": "the rest of a long answer",
    "oversight_export": "an auditor's export of a search",
    "oversight_exportpart": "an auditor's export of a search",
    "oversight_hold": "legal holds, by pseudonym",
    "organisations_invitation": "invitations, applications that were declined",
    "signaling_coverage": "stay-points, coverage",
    "signaling_day": "sketches",
    "signaling_staypoint": "stay-points, coverage",
    "sms_gateway_inboundmessage": "body of another text",
    "sms_gateway_outboundmessage": "body of another text",
    "sms_gateway_incident": INCIDENTS,
    "sms_gateway_operatoract": OPERATORS_WISHES,
    "sms_gateway_optout": LAST_WORD,
    "sms_gateway_providercall": "calls to providers, without numbers",
    "sms_gateway_senderoptout": LAST_WORD,
    "sms_gateway_switch": INCIDENTS,
    "sms_gateway_unclear": "texts nobody understood, without their words",
    "subject_access_opening": "that a number was typed there, by its index",
    "verification_answer": "organisations' questions, and that there was an answer",
    "verification_attempt": "calls to organisations' servers",
    "verification_delivery": "calls to organisations' servers",
    "verification_idempotentreply": "replies of the API, for idempotency keys",
    "verification_issuedanswer": "signed answers' status",
    "verification_statuslist": "signed answers' status",
    "verification_upload": "uploaded files of people",
    "verification_uploadrow": "uploaded files of people",
}
#: ... or why they have no end of their own.
WITHOUT_END: Final = {
    **dict.fromkeys(
        ("audit_checkpoint", "audit_cosignature", "audit_policy"),
        "the log is append-only",
    ),
    **dict.fromkeys(
        ("accounts_outgoingmail", "audit_queue", "sms_gateway_inboundpart"),
        "a row goes when it was worked on",
    ),
    **dict.fromkeys(
        ("consent_block", "consent_pause"),
        "what a person wants of us stands until they say otherwise or are erased",
    ),
    **dict.fromkeys(
        ("core_personkey", "subscribers_tenure"), "who holds a number, until they are erased"
    ),
    "subscribers_tombstone": "keeps files that are loaded again from undoing an erasure",
    **dict.fromkeys(
        ("account_emailaddress", "accounts_setuplink", "accounts_staffmember", "accounts_user",
         "mfa_authenticator", "organisations_apikey", "organisations_membership",
         "verification_webhook"),
        "goes with the account or the organisation",
    ),
    "organisations_organisation": "who asked people is known as long as the log that names it",
    **dict.fromkeys(
        ("oversight_finding", "oversight_resolution", "oversight_sample"),
        "auditors' own work, which others look at: pseudonyms and keyed indexes alone",
    ),
    **dict.fromkeys(
        ("sms_gateway_deliveryreport", "sms_gateway_outboundpart"),
        "no number and no word: a report that comes again is no new one",
    ),
    **dict.fromkeys(
        ("sms_gateway_probe", "sms_gateway_providerstate"),
        "how the service ran, of nobody",
    ),
    **dict.fromkeys(
        ("sms_gateway_sandboxphone", "sms_gateway_sandboxtext"),
        "made up: with the sandbox provider alone",
    ),
    **dict.fromkeys(
        ("audit_mirror", "core_feed", "core_installation", "django_migrations", "signaling_bucket",
         "signaling_city", "signaling_ingesttotal", "verification_signingkey"),
        "what the service is made of, of nobody",
    ),
    "signaling_ingestedfile": "names of files, of nobody; gone with the signaling store's purge",
    **dict.fromkeys(
        ("account_emailconfirmation", "auth_group", "auth_group_permissions", "auth_permission",
         "django_content_type"),
        "of the framework, not used",
    ),
}  # fmt: skip
