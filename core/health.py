"""Liveness and readiness, for supervisors and load balancers."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import RedisError

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


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL answers with every migration applied; Redis is reported, not required:
    texts are stored without it and worked off when it is back."""
    parts = {"database": _database(), "redis": _redis()}
    return JsonResponse(parts, status=200 if parts["database"] == "ok" else 503)
