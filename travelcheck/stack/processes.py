"""The processes of the service: what each runs, as which role, and what it is told beside that."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.roles import AUDITOR, INGEST, NONE, SEQUENCER, WEB, WORKER
from travelcheck.stack.local import environment_for, is_set
from travelcheck.stack.postgres import Postgres
from travelcheck.stack.redis import Redis
from travelcheck.stack.supervisor import Service

#: Servers first; the sequencer before those whose answers wait for its checkpoints.
SERVERS, SEQUENCING, WORK, ENTRANCE = range(4)

CELERY = ("-m", "celery", "--app", "travelcheck")
QUIET = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")


@dataclass(frozen=True)
class Process:
    """One row of the table. `also`: variables it gets beside those of its role."""

    name: str
    role: str
    arguments: tuple[str, ...]  # of Python
    stage: int
    also: tuple[str, ...] = ()
    stop_seconds: float = 15
    descriptors: tuple[int, ...] = ()  # open files it inherits
    nice: int = 0


#: Of the demo alone: gives it each new day, so that it can run for weeks.
FEED = Process("feed", INGEST, ("-m", "demo.feed", "--keep"), ENTRANCE)


def table(
    listener: int, oversight: int, folder: Path, environment: Mapping[str, str]
) -> list[Process]:
    """The processes, in the order in which they start. Those of a link to an SMSC are there when
    the environment names one.

    `listener` and `oversight`: the descriptors of the sockets on which web and the auditors' pages
    listen. We hold them, so that no other program can take a port, and requests wait while a
    process starts again.
    """
    web_quiet = ("--threads", "4", "--no-control-socket", "--log-level", "warning")
    pages = ("-m", "gunicorn", "travelcheck.wsgi", "--worker-class", "gthread", *web_quiet)
    worker = ("-Q", "default", "--concurrency", "2", "--hostname", "worker@%h")
    ingest = ("-Q", "ingest", "--pool", "solo", "--hostname", "ingest@%h")
    schedule = ("--schedule", str(folder / "run" / "beat-schedule"), "--loglevel", "WARNING")
    return [
        Process("sequencer", SEQUENCER, ("manage.py", "audit_sequencer"), SEQUENCING),
        # Texts are taken in before they are answered: who waits at the door is a provider that will
        # not wait long, and what is stored is answered in any case.
        Process(
            "worker", WORKER, (*CELERY, "worker", *worker, *QUIET), WORK, stop_seconds=30, nice=5
        ),
        Process("ingest", INGEST, (*CELERY, "worker", *ingest, *QUIET), WORK, stop_seconds=30),
        Process("beat", NONE, (*CELERY, "beat", *schedule), ENTRANCE, also=("REDIS_URL",)),
        Process(
            "web",
            WEB,
            (*pages, "--bind", f"fd://{listener}", "--workers", "2"),
            ENTRANCE,
            descriptors=(listener,),
        ),
        Process(
            "oversight",
            AUDITOR,
            (*pages, "--bind", f"fd://{oversight}", "--workers", "1"),
            ENTRANCE,
            descriptors=(oversight,),
        ),
        *smpp(environment),
    ]


def smpp(environment: Mapping[str, str]) -> list[Process]:
    """Who holds the binds: see ADR 16. One process of a provider does both where only a transceiver
    may bind."""
    found = []
    for provider, variable in (("smpp", "SMPP_URL"), ("smpp_b", "SMPP_B_URL")):
        if not is_set(variable, environment):
            continue
        if environment.get("SMPP_BIND") != "transceiver":
            sending = ("manage.py", "smpp_sender", "--provider", provider)
            found.append(Process(f"{provider}-sender", NONE, sending, WORK, also=(variable,)))
        receiving = ("manage.py", "smpp_receiver", "--provider", provider)
        found.append(Process(f"{provider}-receiver", WEB, receiving, ENTRANCE, also=(variable,)))
    return found


def service(process: Process, environment: Mapping[str, str]) -> Service:
    """The process as the supervisor runs it, with its own part of the environment."""
    return Service(
        name=process.name,
        command=[sys.executable, *process.arguments],
        environment=environment_for(process.role, environment, also=process.also),
        stage=process.stage,
        stop_seconds=process.stop_seconds,
        descriptors=process.descriptors,
        nice=process.nice,
    )


def server(name: str, embedded: Postgres | Redis) -> Service:
    """An embedded server as the supervisor runs it."""
    return Service(
        name=name,
        command=embedded.command,
        environment={"LC_ALL": "C.UTF-8"},
        stage=SERVERS,
        account=embedded.account,
        stop_signal=embedded.stop_signal,
        stop_seconds=30,
        shown=False,
    )
