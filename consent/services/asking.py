"""Asking a person an organisation's question."""

from collections.abc import Sequence

from django.db import IntegrityError, connection, transaction
from psycopg import sql

from consent import codes, gate, notices, terms
from consent.models import Request
from consent.services import CODE_CLASH, Asked, key_of
from core.models import Installation
from subscribers.models import Tenure

#: What the web process may store of a request; what becomes of it is the gate's to say.
STORED = (
    "id", "org_ref", "purpose", "question", "places", "days", "kept_days", "asked_by",
    "number_index", "number_sealed", "key_id", "code_digest", "nonce", "reference", "is_test",
    "asked_at", "closes_at",
)  # fmt: skip


def store(request: Request) -> None:
    """Insert a new request. `save` would name every column, and need the right to each."""
    fields = {field.name: field for field in Request._meta.concrete_fields}
    insert = sql.SQL("INSERT INTO consent_request ({}) VALUES ({})").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in STORED),
        sql.SQL(", ").join([sql.Placeholder()] * len(STORED)),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            insert,
            [fields[n].get_db_prep_save(getattr(request, n), connection) for n in STORED],
        )


@transaction.atomic
def ask_for(
    *, request: Request, tenure: Tenure, asker: str, places: Sequence[str], locale: str
) -> Asked | str:
    """Ask the holder of a number what an organisation wants to know; or, as the gate says it, why
    nobody may be asked.

    `asker`: its name as registered; `places`: what the places asked about are called in `locale`.
    Raises NoKeyError when the tenure has no key, django.db.DatabaseError when the request is not
    about the present holder.
    """
    key = key_of(tenure)
    installation = Installation.objects.get()
    agreed = terms.employer_question(request, asker)
    while True:
        code = codes.new_code()
        notice = notices.render_employer_question(
            locale=locale, code=code, terms=agreed, places=places, installation=installation
        )
        try:
            with transaction.atomic():
                asked = gate.ask_for(
                    request_id=request.id,
                    tenure_id=tenure.id,
                    terms=agreed,
                    code_digest=codes.digest(bytes(tenure.msisdn_index), code),
                    notice={**notice.about(), "key_id": str(key.id)},
                    notice_sealed=key.seal(notice.text, f"notice|{tenure.subject_ref}"),
                )
        except IntegrityError as error:
            if CODE_CLASH not in str(error):
                raise
            continue  # another open question of this number has the code: one in a million
        if asked.consent_id is None or asked.entry_id is None:
            return asked.outcome
        return Asked(asked.consent_id, asked.entry_id, code, notice.text, asked.fresh)
