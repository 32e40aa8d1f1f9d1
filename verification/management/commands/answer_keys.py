"""`manage.py answer_keys`: the keys that answers are signed with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from verification.models import SigningKey
from verification.services.issuing import revoke_key


class Command(BaseCommand):
    help = "List the keys that sign answers; --revoke ID ends a stolen one at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--revoke", metavar="ID", help="what it signed is not genuine any more")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["revoke"] and not revoke_key(key_id=options["revoke"]):
            raise CommandError(f"{options['revoke']} is no key that could be revoked")
        for key in SigningKey.objects.order_by("published_at"):
            ended = key.revoked_at or key.retired_at
            state = "revoked" if key.revoked_at else "retired" if ended else "published"
            moment = ended or key.published_at
            self.stdout.write(f"{key.key_id} {state} {moment:%Y-%m-%d %H:%M} UTC")
