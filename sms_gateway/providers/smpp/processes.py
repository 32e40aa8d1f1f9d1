"""The two long-running processes, until they are told to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from sms_gateway.providers.routes import number_of
from sms_gateway.providers.smpp.handover import socket_of
from sms_gateway.providers.smpp.link import Link, Options
from sms_gateway.providers.smpp.receiver import Receiver
from sms_gateway.providers.smpp.sender import Sender

PORT, ENCRYPTED_PORT = 2775, 3550


def options(name: str, kind: str) -> Options:
    """From SMPP_URL: smpp://system_id:password@host:port, or smpps:// for TLS."""
    parts = urlsplit(settings.SMPP_URLS[name])
    if parts.scheme not in ("smpp", "smpps") or not parts.hostname:
        variable = f"{name.upper()}_URL"
        raise SystemExit(f"{variable} must be set: smpp://system_id:password@host:2775")
    is_encrypted = parts.scheme == "smpps"
    return Options(
        host=parts.hostname,
        port=parts.port or (ENCRYPTED_PORT if is_encrypted else PORT),
        is_encrypted=is_encrypted,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        kind=kind,
        ca_file=settings.SMPP_CA_FILE,
        system_type=settings.SMPP_SYSTEM_TYPE,
        window=settings.SMPP_WINDOW,
    )


def run_sender(name: str) -> None:
    """Hold a transmitter's bind and take texts from workers."""
    asyncio.run(_send(name))


def run_receiver(name: str) -> None:
    """Hold a receiver's bind and store what comes in; with SMPP_BIND=transceiver, send too."""
    asyncio.run(_receive(name))


async def _send(name: str) -> None:
    link = Link(options(name, "transmitter"))
    await _hold(link, _serve(name, link))


async def _receive(name: str) -> None:
    receiver = Receiver(name)
    is_both = settings.SMPP_BIND == "transceiver"
    link = Link(
        options(name, "transceiver" if is_both else "receiver"),
        on_deliver=receiver.on_deliver,
        on_confirmed=receiver.on_confirmed,
    )
    await _hold(link, receiver.sweep(), *([_serve(name, link)] if is_both else []))


async def _serve(name: str, link: Link) -> None:
    sender = Sender(
        link,
        path=socket_of(name),
        number=number_of(name),
        long_texts=settings.SMPP_LONG_TEXTS,
    )
    async with await sender.serve() as server:
        await server.serve_forever()


async def _hold(link: Link, *beside: Coroutine[Any, Any, None]) -> None:
    """Keep the bind until a signal; what runs beside it must not end before."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, link.stop)
    tasks = [asyncio.create_task(work) for work in beside]
    holding = asyncio.create_task(link.run())
    try:
        done, _ = await asyncio.wait({holding, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        link.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(holding, *tasks, return_exceptions=True)
