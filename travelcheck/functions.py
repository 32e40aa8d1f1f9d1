"""Who may call which function of the database: the other half of `privileges.py`.

A role that is not named for a function cannot call it.
"""

# Where an entry stands in the log and what accepts it: places and hashes, nothing that was done.
READING_THE_LOG = [
    "audit.checkpointed",
    "audit.lag",
    "audit.queue_lag",
    "audit.policy",
    "audit.logs",
    "audit.accepted_size",
    "audit.witnesses",
    "audit.leaf_hash",
    "audit.place",
    "audit.nodes",
]

# role -> functions, in every signature
FUNCTIONS: dict[str, list[str]] = {
    "web": [
        # audit
        "audit.record",
        *READING_THE_LOG,
        # audit: handed out over HTTP; entries for a mirror's token alone
        "audit.read_checkpoint",
        "audit.read_hashes",
        "audit.read_entries",
        "audit.visible_size",
        "audit.is_pruned",
        # disputes: an operator, whose every look is in the person's log
        "gate.dispute_look",
        "gate.dispute_evidence",
        "gate.dispute_decide",
        # subject_access: a person at their own page; it shows what only their browser can open
        "gate.page_ask",
        "gate.page_try",
        "gate.page_read",
        "gate.page_export",
        "gate.page_close",
    ],
    "worker": [
        # audit
        "audit.record",
        "audit.prune",
        "audit.clear_pruned",
        *READING_THE_LOG,
        # the gate
        "gate.identify",
        "gate.request",
        "gate.whom",
        "gate.ask_for",
        "gate.turn_down",
        "gate.end_request",
        "gate.forget_requests",
        "gate.notice_sent",
        "gate.notice_delivered",
        "gate.grant",
        "gate.refuse",
        "gate.withdraw",
        "gate.withdraw_all",
        "gate.withdraw_by_operator",
        "gate.expire_due",
        "gate.claim",
        "gate.settle",
        "gate.fetch",
        "gate.release",
        "gate.found_nothing",
        "gate.delivered",
        "gate.hold",
        "gate.erase",
        "gate.erasures_due",
        "gate.erase_kept",
        # disputes
        "gate.dispute_ask",
        "gate.dispute_open",
        "gate.dispute_purge",
        "gate.overrides",
    ],
    "sequencer": ["audit.policy", "audit.logs", "audit.nodes", "audit.link_years"],
    "ingest": [
        # audit
        "audit.record",
        # subscribers
        "gate.lock_holders",
        # signaling
        "signaling.replace",
        "signaling.ensure_days",
        "signaling.detach_expired_day",
        "signaling.drop_detached_days",
    ],
    "auditor": [
        # audit
        "audit.record",
        *READING_THE_LOG,
        "audit.events",
        # by two of them, from a number to its pseudonyms
        "gate.pseudonyms",
        # and by two of them, what must be kept
        "gate.hold_ask",
        "gate.hold_decide",
        "gate.hold_lift",
    ],
}

# What any connected role may call: the clock and the days.
FOR_ALL = ["core.now", "core.service_day", "core.window_days", "core.role"]
