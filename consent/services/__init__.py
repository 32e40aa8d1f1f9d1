"""Asking for consent, answering, withdrawing, and the accesses that follow.

Every state and every entry is written by the gate's SQL functions; here is what they cannot do:
codes, texts, and sealing under the person's key.
"""

import base64
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction

from consent import codes, gate, notices, terms
from consent.models import ErasureWish
from core import person_keys
from core.models import Installation
from sms_gateway.messages import Inbound
from subscribers.models import Tenure

CODE_CLASH = "one_open_code_per_number"


class NoKeyError(Exception):
    """The tenure has no key: its holder was erased, or never texted."""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request and its notice, ready to send.

    `fresh` is False when the same text was handled before: `text` then must not be sent, because
    its code is not the one that is open.
    """

    consent_id: UUID
    entry_id: int
    code: str
    text: str
    fresh: bool


@transaction.atomic
def ask(*, inbound: Inbound, tenure: Tenure, locale: str) -> Asked:
    """Ask a person, who texted, whether their own journey may be looked up.

    Ends their earlier open question about themself. Raises django.db.DatabaseError when the text
    is not from the present holder of the tenure's number, NoKeyError when the tenure has no key.
    """
    key = key_of(tenure)
    installation = Installation.objects.get()
    agreed = terms.self_inquiry(installation.window_days)
    while True:
        code = codes.new_code()
        notice = notices.render_self_inquiry(
            locale=locale, code=code, terms=agreed, installation=installation
        )
        try:
            with transaction.atomic():
                asked = gate.request(
                    tenure_id=tenure.id,
                    inbound_id=inbound.id,
                    terms=agreed,
                    code_digest=codes.digest(inbound.number_index, code),
                    notice={**notice.about(), "key_id": str(key.id)},
                    notice_sealed=key.seal(notice.text, f"notice|{tenure.subject_ref}"),
                )
        except IntegrityError as error:
            if CODE_CLASH not in str(error):
                raise
            continue  # another open question of this number has the code: one in a million
        return Asked(asked.consent_id, asked.entry_id, code, notice.text, asked.fresh)


@transaction.atomic
def grant(*, inbound: Inbound, tenure: Tenure) -> gate.Answer:
    """`OK <code>`. The text itself is kept as evidence, sealed under the person's key."""
    reply = {"text": inbound.text, "received_at": inbound.received_at.isoformat()}
    return gate.grant(inbound_id=inbound.id, evidence=_seal(tenure, reply))


@transaction.atomic
def refuse(*, inbound: Inbound, code: str) -> gate.Answer:
    """`NO <code>`."""
    return gate.refuse(inbound_id=inbound.id, code_digest=codes.digest(inbound.number_index, code))


@transaction.atomic
def withdraw(*, inbound: Inbound, consent_id: UUID) -> str:
    """`DROP <n>`: withdrawn | ended (an open question) | already | unknown (not theirs)."""
    return gate.withdraw(inbound_id=inbound.id, consent_id=consent_id)


@transaction.atomic
def withdraw_all(*, inbound: Inbound) -> int:
    """`STOP`: ends everything of this number; how many consents were withdrawn."""
    return gate.withdraw_all(inbound_id=inbound.id)


@transaction.atomic
def claim(*, inbound: Inbound, consent_id: UUID) -> gate.Claim:
    """One access under a consent. It can be settled once this transaction has committed."""
    return gate.claim(consent_id=consent_id, inbound_id=inbound.id)


@transaction.atomic
def release(*, release_id: UUID, tenure: Tenure, payload: str) -> int:
    """Let an answer go, in the transaction that fetched it; returns the entry.

    The log gets a commitment to `payload` (what exactly leaves) under a random key, which only
    the person's key can open: it proves what was said without saying it.
    """
    secret = secrets.token_bytes(32)
    return gate.release(
        release_id=release_id,
        commitment=hmac.digest(secret, payload.encode(), sha256),
        evidence=_seal(tenure, {"commitment_key": base64.b64encode(secret).decode()}),
    )


@transaction.atomic
def erase(*, inbound: Inbound, tenure: Tenure) -> gate.Erased:
    """Erase the holder of a number: consents, stay-points, key and mapping.

    Afterwards nothing sealed for them can be read; a reply needs a new key of the number. Under a
    legal hold consents end, and the rest waits for `erase_kept`.
    """
    address = key_of(tenure).seal(inbound.sender.address, _wish(tenure.id))
    return gate.erase(inbound_id=inbound.id, tenure_id=tenure.id, address=address)


@transaction.atomic
def erase_kept(*, tenure: Tenure) -> str | None:
    """Carry out an erasure that waited for a legal hold; the number to tell. None when there was
    nothing to do."""
    wish = ErasureWish.objects.filter(tenure_id=tenure.id).first()
    if wish is None:
        return None
    number = key_of(tenure).unseal(bytes(wish.number_sealed), _wish(tenure.id))
    return number if gate.erase_kept(tenure.id) else None


def _wish(tenure_id: UUID) -> str:
    return f"erasure:{tenure_id}"


def key_of(tenure: Tenure) -> person_keys.Key:
    """The key that seals what is kept of this holder. Raises NoKeyError."""
    key = person_keys.get(tenure.key_id)
    if key is None:
        raise NoKeyError
    return key


def _seal(tenure: Tenure, content: dict[str, str]) -> gate.Sealed:
    """Evidence for one entry of the log, bound to its subject and to that entry."""
    key, entry = key_of(tenure), uuid.uuid4()
    sealed = key.seal(json.dumps(content), f"{tenure.subject_ref}|{entry}")
    return gate.Sealed(sealed, entry, key.id)
