import json
import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.models import Consent, Notice
from consent.records import Controller, receipt, record


class Command(BaseCommand):
    help = (
        "Print the record of one consent (ISO/IEC TS 27560, JSON): nothing in it says whose it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("consent", type=uuid.UUID)
        parser.add_argument("--receipt", action="store_true", help="the receipt of it")

    def handle(self, *args: Any, **options: Any) -> None:
        consent = Consent.objects.filter(id=options["consent"]).first()
        notice = Notice.objects.filter(consent_id=options["consent"]).first()
        if consent is None or notice is None:
            raise CommandError("there is no such consent")
        controller = Controller(
            settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, settings.OPERATOR_COUNTRY
        )
        found = record(consent, notice, controller)
        written = receipt(found) if options["receipt"] else found
        self.stdout.write(json.dumps(written, indent=2, ensure_ascii=False))
