"""Our side of the link beside an SMSC that is not ours."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from sms_gateway import providers
from sms_gateway.providers.smpp import processes
from sms_gateway.providers.smpp.handover import socket_of
from sms_gateway.providers.smpp.link import Link
from sms_gateway.providers.smpp.provider import SmppProvider
from sms_gateway.providers.smpp.sender import Sender
from tests.contract.smpp.smsc import Smsc, missing, running
from tests.machine import wait_until


@pytest.fixture
def smsc(settings: Settings, tmp_path: Path) -> Iterator[Smsc]:
    if reason := missing():
        pytest.skip(reason)
    with running() as server:
        settings.SMPP_URLS = {"smpp": f"smpp://travelcheck:secret@127.0.0.1:{server.port}"}
        settings.SMPP_SOCKETS = tmp_path
        settings.SMS_PROVIDER = "smpp"
        settings.SMS_NUMBER = "10086"
        providers.get.cache_clear()
        yield server
        providers.get.cache_clear()


class Sending:
    """A link and a sender, on an event loop in a thread; the provider in front of them."""

    def __init__(self, kind: str = "transceiver", **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        given = processes.options("smpp", kind)
        self.options = type(given)(
            **{name: getattr(given, name) for name in given.__slots__} | options
        )
        self.provider = SmppProvider("smpp")
        self.do(self._start())

    async def _start(self) -> None:
        self.link = Link(self.options)
        self.sender = Sender(self.link, path=socket_of("smpp"), number="10086", long_texts="udh")
        self.server = await self.sender.serve()
        self.running = asyncio.create_task(self.link.run())

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def wait_until_bound(self) -> None:
        wait_until(lambda: self.link.is_bound.is_set(), what="a bind")

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.link.stop)
        self.do(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self) -> None:
        await self.running
        self.server.close()


@pytest.fixture
def sending(smsc: Smsc) -> Iterator[Sending]:
    running_link = Sending()
    running_link.wait_until_bound()
    yield running_link
    running_link.stop()
