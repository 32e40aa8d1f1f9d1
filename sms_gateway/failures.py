"""How failures are waited out and told: without a word of what a person wrote."""

import random
import traceback
from datetime import timedelta

from psycopg.errors import LockNotAvailable

BACKOFF_SECONDS = (5, 30, 60, 300, 1200, 3600)
JITTER = 0.2


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many failures (1 or more): growing, and not all at once."""
    seconds = BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1]
    return timedelta(seconds=seconds * random.uniform(1, 1 + JITTER))  # noqa: S311 (no secret)


def is_busy(error: BaseException) -> bool:
    """Whether nothing is wrong but that somebody else holds a lock longer than we wait for it."""
    return isinstance(error.__cause__, LockNotAvailable)


def describe(error: BaseException) -> str:
    """Type and place of an error. Its message is left out: it may quote a text or a number."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
