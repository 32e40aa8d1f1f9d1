"""System checks of the signaling store."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from core.roles import INGEST
from signaling.volumes import is_seen_encrypted


@register(Tags.security)
def store_is_encrypted(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """signaling.W001: events may lie on a disk in plain text (docs/adr)."""
    if settings.SERVICE_ROLE != INGEST or settings.DEMO or settings.SIGNALING_STORE_ENCRYPTED:
        return []
    if is_seen_encrypted(settings.SIGNALING_STORE):
        return []
    return [
        checks.Warning(
            f"SIGNALING_STORE ({settings.SIGNALING_STORE}) does not lie on a volume that this"
            " machine sees encrypted",
            hint="Move it to one (LUKS). If what lies below is encrypted, a cloud's disk or a"
            " storage array, say so: SIGNALING_STORE_ENCRYPTED=1",
            id="signaling.W001",
        )
    ]
