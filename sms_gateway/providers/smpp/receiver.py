"""The process that takes what the SMSC delivers: texts and receipts are rows before it is told that
we have them. When PostgreSQL is away it is told to try later."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections

from sms_gateway import services
from sms_gateway.failures import describe
from sms_gateway.providers.smpp import alphabet, pdus, receipts
from sms_gateway.providers.smpp.link import Taken
from sms_gateway.providers.smpp.pdus import Pdu
from sms_gateway.services.parts import Part

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60
T = TypeVar("T")


class Receiver:
    """One thread of its own for the database, so that what comes in is stored in its order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.thread = ThreadPoolExecutor(max_workers=1)

    async def on_deliver(self, pdu: Pdu) -> Taken:
        try:
            return Taken(pdus.OK, await self._do(lambda: store(self.name, pdu)))
        except Exception as error:
            log.error("what came in could not be stored", extra={"error": describe(error)})
            return Taken(pdus.TRY_LATER)

    async def on_confirmed(self, rows: list[int]) -> None:
        try:
            await self._do(lambda: services.confirm_parts(rows=rows))
        except Exception as error:  # then what repeats them is taken for them, for an hour
            log.warning("confirmations were not stored", extra={"error": describe(error)})

    async def sweep(self) -> None:
        """For ever: texts whose other parts never came."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self._do(lambda: services.sweep_parts(provider=self.name))
            except Exception as error:
                log.warning("parts were not swept", extra={"error": describe(error)})

    async def _do(self, work: Callable[[], T]) -> T:
        def connected() -> T:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self.thread, connected)


def store(provider: str, pdu: Pdu) -> int | None:
    """Store a deliver_sm; the row to be confirmed, if it is a text. A receipt is known by its id
    and state: it may come as often as it likes."""
    if pdus.is_receipt(pdu):
        told = receipts.told(pdu)
        if told is None:
            log.warning("a receipt without id or state was left out")
        else:
            services.receive_report(
                provider=provider,
                provider_message_id=told.message_id,
                status=told.status,
                error_code=told.error_code,
            )
        return None
    if not pdus.is_text(pdu):
        log.info("an acknowledgement or notification was left out")
        return None
    came = pdus.delivered(pdu, national_prefix=settings.SMPP_NATIONAL_PREFIX)
    part = Part(
        sender=came.sender,
        recipient=came.recipient,
        body=alphabet.decode(came.data, came.data_coding),
    )
    if came.part is not None:
        part = Part(
            sender=part.sender,
            recipient=part.recipient,
            body=part.body,
            reference=came.part.reference,
            number=came.part.number,
            total=came.part.total,
        )
    return services.receive_part(provider=provider, part=part)
