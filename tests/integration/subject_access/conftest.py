"""Phones and the service that answers them, and browsers at its page."""

from tests.integration.inquiry.conftest import service, subscriber, today, world
from tests.integration.subject_access.visitor import desk

__all__ = ["desk", "service", "subscriber", "today", "world"]
