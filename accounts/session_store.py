"""Sessions in PostgreSQL, of no use to whoever reads the table.

A row is named by a hash of the session's id, so a copied row or a backup opens no session; what it
holds is sealed, so that a row that was written by somebody else is none, and the secret of an
authenticator app that is being set up is not in the clear.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.keys import derive
from core.sealing import UnsealError, seal, unseal

CONTEXT = b"session"


def stored_name(session_key: str) -> str:
    """Under what a session's row is stored: 160 bits fit the column, and are enough."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's, with these two differences."""

    def _get_session_from_db(self) -> Session | None:
        name = stored_name(self.session_key or "")
        row = Session.objects.filter(session_key=name, expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=stored_name(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        assert isinstance(row, Session)
        row.session_key = stored_name(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=stored_name(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        content = json.dumps(session_dict, separators=(",", ":")).encode()
        return base64.b64encode(seal(derive("session"), content, CONTEXT)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What was sealed; nothing when it was not by us."""
        try:
            content = unseal(derive("session"), base64.b64decode(session_data), CONTEXT)
        except (UnsealError, binascii.Error):
            return {}
        found: dict[str, Any] = json.loads(content)
        return found
