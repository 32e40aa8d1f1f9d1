"""Liveness and readiness, for supervisors and load balancers."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import RedisError

from audit import selectors as audit
from core import limits


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unreachable"
    return "migrations are missing" if pending else "ok"


def _redis() -> str:
    try:
        limits.client().ping()
    except RedisError:
        return "unreachable"
    return "ok"


# Sequencing takes a fraction of a second. Past this, answers wait and people notice.
LOG_IS_LATE = timedelta(seconds=10)


def _log() -> str:
    try:
        return "late" if audit.queue_lag() > LOG_IS_LATE else "ok"
    except DatabaseError:
        return "unreachable"


def _witnesses() -> str:
    """Whether so many cosign as the policy asks for: without them nothing is released."""
    try:
        if not audit.quorum():
            return "none"
        return "late" if audit.lag() > LOG_IS_LATE else "ok"
    except DatabaseError:
        return "unreachable"


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL answers with every migration applied. Redis, log and witnesses are
    reported, not required: texts are stored without them, and worked off when they are back."""
    parts = {
        "database": _database(),
        "redis": _redis(),
        "log": _log(),
        "witnesses": _witnesses(),
    }
    return JsonResponse(parts, status=200 if parts["database"] == "ok" else 503)
