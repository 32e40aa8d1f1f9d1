"""`manage.py audit_verify DIR|URL …`: the offline verifier, and its verdict in the log."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand

from audit import services
from audit.verify.__main__ import VERDICTS, add_options, check
from audit.verify.findings import INTACT, TAMPERED, UNVERIFIABLE

WORDS = {INTACT: "intact", TAMPERED: "tampered", UNVERIFIABLE: "unverifiable"}


class Command(BaseCommand):
    """Takes what `python -m audit.verify` takes, and ends as it does: 0, 1 or 2. What it says is
    the operator's word; who does not believe it runs the verifier."""

    help = "Verify a copy of the log and leave the verdict in it, for the auditors' pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        checked = check(Namespace(**options))
        ends = []
        if checked.report:
            heads = checked.report.heads()
            ends = [(int(name.rpartition("/")[2]), size, root) for name, size, root in heads]
        services.record_check(verdict=WORDS[checked.verdict], ends=ends)
        self.stdout.write(f"{VERDICTS[checked.verdict]}: {checked.line}")
        if checked.verdict:
            sys.exit(checked.verdict)
