"""Who runs what: the database roles, and what each process may know.

Every process of the service has its own operating-system process, its own environment and its own
database role (`<prefix>_<role>`). A process gets the address of its own role and the secrets listed
here for it; everything else stays out of its environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OWNER: Final = "owner"  # migrations; no process of the running service
WEB: Final = "web"
WORKER: Final = "worker"
SEQUENCER: Final = "sequencer"
INGEST: Final = "ingest"
AUDITOR: Final = "auditor"
NONE: Final = "none"  # a process without a database

#: Roles that log in to the database, in the order in which they are created.
LOGIN_ROLES: Final = (OWNER, WEB, WORKER, SEQUENCER, INGEST, AUDITOR)

#: Owns the SQL functions through which journeys and consents pass. Nobody logs in as it.
GATE: Final = "gate"

#: Limits set with `ALTER ROLE`, so that no connection of the role can forget them.
ROLE_TIMEOUTS: Final[Mapping[str, Mapping[str, str]]] = {
    WEB: {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "5s",
        "statement_timeout": "30s",
    },
    WORKER: {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "5s",
        "statement_timeout": "30s",
    },
    SEQUENCER: {"idle_in_transaction_session_timeout": "30s", "lock_timeout": "10s"},
    INGEST: {"idle_in_transaction_session_timeout": "10min", "lock_timeout": "30s"},
    AUDITOR: {"idle_in_transaction_session_timeout": "10min", "lock_timeout": "5s"},
}

TWILIO_TOKENS: Final = (
    "TWILIO_AUTH_TOKEN",
    "TWILIO_AUTH_TOKEN_OLD",
    "TWILIO_B_AUTH_TOKEN",
    "TWILIO_B_AUTH_TOKEN_OLD",
)

#: Secrets (and folders) of a role beside the address of its database. Each may also be given as
#: `NAME_FILE`, the path of a file that holds the value.
SECRETS_OF_ROLE: Final[Mapping[str, tuple[str, ...]]] = {
    OWNER: ("AUDIT_WITNESSES",),
    WEB: ("SECRET_KEY", "DATA_KEY", "REDIS_URL", *TWILIO_TOKENS, "METRICS_TOKEN"),
    WORKER: (
        "SECRET_KEY",
        "DATA_KEY",
        "REDIS_URL",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_B_ACCOUNT_SID",
        "TWILIO_B_AUTH_TOKEN",
        "MAIL_URL",
        "ANSWER_SIGNING_KEY",
        "ANSWER_SIGNING_KEY_NEXT",
    ),
    SEQUENCER: ("AUDIT_SIGNING_KEY", "AUDIT_WITNESSES"),
    INGEST: ("DATA_KEY", "SIGNALING_KEY", "SIGNALING_STORE", "REDIS_URL"),
    AUDITOR: ("SECRET_KEY", "DATA_KEY"),
    NONE: (),
}

#: Secrets of one process alone, beside those of its role: the password of a bind is in its address.
SECRETS_OF_PROCESS: Final[Mapping[str, tuple[str, ...]]] = {
    "smpp-sender": ("SMPP_URL", "SMPP_B_URL"),
    "smpp-receiver": ("SMPP_URL", "SMPP_B_URL"),
}

#: Settings that are no secrets: every process may have them.
SERVICE_SETTINGS: Final = (
    "ANSWER_COVERED_DAYS_PERCENT",
    "ANSWER_COVERED_HOURS",
    "ANSWER_VALID_HOURS",
    "ASKERS_PER_DAY",
    "CONSENT_VALID_DAYS",
    "COOL_DOWN_HOURS",
    "DEMO",
    "DISPUTE_WORKING_DAYS",
    "ID_CHECK",
    "MAIL_FROM",
    "MINIMUM_STAY_HOURS",
    "NOTICE_LANGUAGE",
    "OPERATOR_CONTACT",
    "OPERATOR_COUNTRY",
    "OPERATOR_NAME",
    "OVERSIGHT_BASE_URL",
    "PUBLIC_BASE_URL",
    "SERVICE_TIME_ZONE",
    "SIGNALING_LATENESS_HOURS",
    "SIGNALING_STORE_ENCRYPTED",
    "SMPP_BIND",
    "SMPP_LONG_TEXTS",
    "SMPP_CA_FILE",
    "SMPP_NATIONAL_PREFIX",
    "SMPP_SOCKETS",
    "SMPP_SYSTEM_TYPE",
    "SMPP_WINDOW",
    "SMS_BUDGET_PER_DAY",
    "SMS_COUNTRIES",
    "SMS_NUMBER",
    "SMS_NUMBER_B",
    "SMS_PER_COUNTRY_HOUR",
    "SMS_PER_NUMBER_DAY",
    "SMS_PER_ORGANISATION_DAY",
    "SMS_PER_SECOND",
    "SMS_PRICES",
    "SMS_PROBE_NUMBER",
    "SMS_PROVIDER",
    "SMS_ROUTES",
    "REQUEST_OPEN_HOURS",
    "SWEEP_SECONDS",
    "TRUSTED_PROXIES",
    "TWILIO_API_BASE_URL",
    "TWILIO_B_MESSAGING_SERVICE_SID",
    "TWILIO_HANDLES_KEYWORDS",
    "TWILIO_MESSAGING_SERVICE_SID",
)

#: Which role a management command runs as, when `SERVICE_ROLE` does not say so.
ROLE_OF_COMMAND: Final[Mapping[str, str]] = {
    "migrate": OWNER,
    "showmigrations": OWNER,
    "sqlmigrate": OWNER,
    "create_roles": OWNER,
    "create_operator": OWNER,
    "create_auditor": OWNER,
    "end_staff": OWNER,
    "reset_account": OWNER,
    "audit_mirror": OWNER,
    "audit_policy": OWNER,
    "purge": INGEST,
    "load_cities": INGEST,
    "load_cells": INGEST,
    "load_subscriptions": INGEST,
    "ingest_events": INGEST,
    "data_freshness": INGEST,
    "audit_sequencer": SEQUENCER,
    "audit_key": SEQUENCER,
    "audit_export": AUDITOR,
    "audit_verify": AUDITOR,
    "audit_prune": WORKER,
    "answer_keys": WORKER,
    "consent_record": WORKER,
    "smpp_receiver": WEB,
    "shell": WEB,
}


def role_of_command(command: str) -> str:
    """The role of a management command; a command that needs no database has none."""
    return ROLE_OF_COMMAND.get(command, NONE)


def database_variable(role: str) -> str:
    """The environment variable that holds the role's database address."""
    return "DATABASE_URL" if role == WEB else f"DATABASE_{role.upper()}_URL"
