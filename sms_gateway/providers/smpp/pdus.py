"""PDUs as smpplib makes and reads them."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from smpplib import command_codes, consts, exceptions, smpp

from sms_gateway.providers.smpp import alphabet
from sms_gateway.providers.smpp.alphabet import Concatenation, Piece

# It warns of every parameter it does not know, and there are many vendors.
logging.getLogger("smpplib").setLevel(logging.ERROR)

LONGEST = 70_000  # octets: a message_payload can have 64 KiB
HEADER = 16

OK = consts.SMPP_ESME_ROK
THROTTLED = consts.SMPP_ESME_RTHROTTLED
QUEUE_FULL = consts.SMPP_ESME_RMSGQFUL
TRY_LATER = consts.SMPP_ESME_RX_T_APPN
UNKNOWN_COMMAND = consts.SMPP_ESME_RINVCMDID

INTERNATIONAL, NATIONAL, SHORT_CODE, ALPHANUMERIC = 1, 2, 3, 5
MESSAGE_TYPE = 0x3C  # of esm_class
RECEIPT = 0x04

Pdu = Any  # smpplib has no types


class BrokenStreamError(Exception):
    """What comes in is no SMPP."""


class UnknownCommandError(Exception):
    """A request that SMPP 3.4 has and we do not take, or one of a vendor's."""

    def __init__(self, sequence: int) -> None:
        super().__init__()
        self.sequence = sequence


class Sequence:
    """Numbers of our requests on one connection: 1 to 0x7FFFFFFF, then again from 1."""

    def __init__(self) -> None:
        self.sequence = 0

    def next_sequence(self) -> int:
        self.sequence = self.sequence % 0x7FFFFFFF + 1
        return self.sequence


async def read(stream: asyncio.StreamReader) -> Pdu:
    """The next PDU. Raises BrokenStreamError, or asyncio.IncompleteReadError at the end."""
    head = await stream.readexactly(4)
    length = int.from_bytes(head, "big")
    if not HEADER <= length <= LONGEST:
        raise BrokenStreamError
    data = head + await stream.readexactly(length - 4)
    return parsed(data)


def parsed(data: bytes) -> Pdu:
    """A PDU. Optional parameters that nobody can read are left out."""
    try:
        name = command_codes.get_command_name(int.from_bytes(data[4:8], "big"))
        pdu = smpp.make_pdu(name, client=Sequence(), allow_unknown_opt_params=True)
    except exceptions.UnknownCommandError as error:
        raise UnknownCommandError(int.from_bytes(data[12:16], "big")) from error
    try:
        pdu.parse(data)
    except Exception as error:
        # The mandatory ones come first: with them read, the text is there.
        if getattr(pdu, "short_message", None) is None:
            raise BrokenStreamError from error
    return pdu


def reply(request: Pdu, status: int = OK) -> bytes:
    """The response to a request of the SMSC."""
    answer = smpp.make_pdu(f"{request.command}_resp", client=Sequence())
    answer.sequence, answer.status = request.sequence, status
    return bytes(answer.generate())


def nack(sequence: int) -> bytes:
    """What we answer to a request that we do not know."""
    answer = smpp.make_pdu("generic_nack", client=Sequence())
    answer.sequence, answer.status = sequence, UNKNOWN_COMMAND
    return bytes(answer.generate())


def bind(kind: str, sequence: Sequence, *, user: str, password: str, system_type: str) -> Pdu:
    """`kind`: transmitter, receiver or transceiver."""
    return smpp.make_pdu(
        f"bind_{kind}",
        client=sequence,
        system_id=user,
        password=password,
        system_type=system_type,
        addr_ton=0,
        addr_npi=0,
    )


def simple(name: str, sequence: Sequence) -> Pdu:
    """A request without parameters."""
    return smpp.make_pdu(name, client=sequence)


def submit(sequence: Sequence, *, sender: str, to: str, piece: Piece, as_payload: bool) -> Pdu:
    source_ton, source = address(sender)
    destination_ton, destination = address(to)
    body = {"message_payload" if as_payload else "short_message": piece.data}
    return smpp.make_pdu(
        "submit_sm",
        client=sequence,
        source_addr_ton=source_ton,
        source_addr_npi=int(source_ton == INTERNATIONAL),
        source_addr=source,
        dest_addr_ton=destination_ton,
        dest_addr_npi=int(destination_ton == INTERNATIONAL),
        destination_addr=destination,
        esm_class=piece.esm_class,
        data_coding=piece.data_coding,
        registered_delivery=1,
        **body,
    )


def address(written: str) -> tuple[int, str]:
    """Type of number and number, as a PDU has them."""
    if written.startswith("+"):
        return INTERNATIONAL, written[1:]
    return (SHORT_CODE if written.isdigit() else ALPHANUMERIC), written


@dataclass(frozen=True, slots=True, repr=False)
class Delivered:
    """A text that came in, or a part of one."""

    sender: str
    recipient: str
    data: bytes
    data_coding: int
    part: Concatenation | None


def delivered(pdu: Pdu, *, national_prefix: str) -> Delivered:
    """What a deliver_sm brings. Parts are told by a header in the text or by parameters (SAR)."""
    data = bytes(pdu.short_message or getattr(pdu, "message_payload", None) or b"")
    part = None
    if pdu.esm_class & alphabet.HAS_HEADER:
        data, part = alphabet.without_header(data)
    elif pdu.sar_total_segments and pdu.sar_segment_seqnum:
        part = Concatenation(
            pdu.sar_msg_ref_num or 0, pdu.sar_total_segments, pdu.sar_segment_seqnum
        )
        part = part if alphabet.is_possible(part) else None
    sender = written(pdu.source_addr_ton, _text(pdu.source_addr), national_prefix)
    return Delivered(sender, _text(pdu.destination_addr), data, pdu.data_coding, part)


def written(ton: int, number: str, national_prefix: str) -> str:
    """A number as we write it: E.164 where the type says so, or where it says nothing and the
    number is too long for a short one."""
    if not number.isdigit():
        return number
    if ton == NATIONAL and national_prefix:
        return national_prefix + number.lstrip("0")
    return f"+{number}" if ton == INTERNATIONAL or (ton == 0 and len(number) > 7) else number


def is_receipt(pdu: Pdu) -> bool:
    return bool(pdu.esm_class & MESSAGE_TYPE == RECEIPT)


def is_text(pdu: Pdu) -> bool:
    """Whether a person wrote it: no receipt, acknowledgement or notification (section 5.2.12)."""
    return not pdu.esm_class & MESSAGE_TYPE


def _text(value: bytes | None) -> str:
    return (value or b"").decode("latin-1")


def message_id(answer: Pdu) -> str:
    """The SMSC's name for a text that it has taken."""
    return _text(getattr(answer, "message_id", None))
