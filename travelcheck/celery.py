"""Tasks carry ids from PostgreSQL rows to worker processes. Losing all of them loses nothing:
the sweeps take up what was stored and not finished."""

import os

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "travelcheck.settings")

app = Celery("travelcheck")


def broker_url(redis_url: str) -> str:
    """Celery spells a unix socket, and the number of a database there, differently."""
    if not redis_url.startswith("unix://"):
        return redis_url
    address = redis_url.replace("unix://", "redis+socket://", 1)
    return address.replace("?db=", "?virtual_host=", 1)


SWEEPS = {
    "sms_gateway.tasks.sweep": settings.SWEEP_SECONDS,
    "inquiry.tasks.sweep": settings.SWEEP_SECONDS,
    "subject_access.tasks.sweep": settings.SWEEP_SECONDS,
    "subject_access.tasks.forget": 60,
    "accounts.tasks.sweep": 30,
    "accounts.tasks.forget_sessions": 3600,
    "organisations.tasks.forget": 3600,
    "oversight.tasks.forget": 3600,
    "consent.tasks.expire_due": 60,
    "verification.tasks.sweep": settings.SWEEP_SECONDS,
    "verification.tasks.publish": 60,
    "verification.tasks.announce": settings.SWEEP_SECONDS,
    "verification.tasks.forget": 600,
    "verification.tasks.forget_deliveries": 3600,
    "verification.tasks.forget_replies": 3600,
    "verification.tasks.forget_uploads": 600,
    "sms_gateway.tasks.watch": 20,
    "sms_gateway.tasks.redact": 30,
    "sms_gateway.tasks.operate": 10,
    "sms_gateway.tasks.probe": 600,
    "sms_gateway.tasks.watch_probes": 60,
    "audit.tasks.prune": 3600,
    "disputes.tasks.tidy": 600,
    "sms_gateway.tasks.purge_bodies": 600,
    "signaling.tasks.erase_pending": 60,
    "signaling.tasks.purge": 3600,
}

app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    # A task that is not acknowledged comes back after an hour; no countdown here is longer.
    # While Redis is away a webhook must not wait for it: one more try, at once.
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    # Safe because every task finds out from its row whether there is still something to do.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=4,  # a few at hand; what a dying worker had, the sweep finds
    worker_hijack_root_logger=False,
    task_time_limit=300,
    task_default_queue="default",
    task_routes={"signaling.tasks.*": {"queue": "ingest"}},
    beat_schedule={
        task: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5)}}
        for task, seconds in SWEEPS.items()
    },
    timezone="UTC",
)
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_a_wrong_configuration(**_: object) -> None:
    """Celery starts without Django's checks."""
    from core.checks import stop_on_problems

    stop_on_problems()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has configured logging; Celery would replace it."""
