"""`manage.py audit_policy`: what a checkpoint of the log needs before anything is released."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from audit import services
from audit.policy import Policy


class Command(BaseCommand):
    """Run it after `migrate`, and whenever AUDIT_WITNESSES has changed. A change is an entry."""

    help = "Put the policy of AUDIT_WITNESSES into force. Runs as owner."

    def handle(self, *args: Any, **options: Any) -> None:
        policy: Policy = settings.AUDIT_WITNESSES
        changed = services.set_policy(policy=policy)
        text = f"{policy.quorum} of {len(policy.witnesses)} witnesses"
        self.stdout.write(f"{'from now on' if changed else 'as before'}: {text}")
        if not policy.quorum and not settings.DEMO:
            self.stderr.write("nobody outside remembers the log: set AUDIT_WITNESSES")
        elif policy.quorum and policy.allows_two_histories:
            self.stderr.write(
                "two halves of the witnesses could accept two histories: raise the quorum"
            )
