"""Log lines: one event a line, key and value, with everything that looks like a number masked."""

import logging
import logging.config
import re
from typing import Any

import structlog

# Seven digits or more, however they are grouped, could be somebody's number or IMSI. Durations
# ("0.0123456s") and the digits inside random ids ("b2c41234-…") could not.
DIGITS = re.compile(r"(?<![0-9a-f.-])(?!\d{1,4}\.\d+s\b)\+?\d(?:[\s().-]?\d){6,}|%2[bB]\d{7,}")
# Links that work once: who reads the log is not who got the e-mail.
LINKS = re.compile(r"(/(?:set-up|invitations|reset/key)/)[^/\s'\"]+")
# Times, ids and digests are made of digits too; they are kept.
KEPT_KEYS = frozenset({"timestamp", "level", "logger", "role"})


def mask_digits(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask runs of digits and one-time links in every value: the last line of defence, not the
    first."""
    for key, value in event.items():
        if key not in KEPT_KEYS and isinstance(value, str):
            event[key] = LINKS.sub(r"\1•••", DIGITS.sub("•••", value))
    return event


def configure(options: dict[str, str]) -> None:
    """Django's LOGGING_CONFIG: everything to standard error, for the supervisor to keep."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_digits,
    ]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Two lines for each task, thousands a minute, that say nothing of ours.
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            *shared[:1],
            structlog.stdlib.filter_by_level,
            *shared[1:],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
