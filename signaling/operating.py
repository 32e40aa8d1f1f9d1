"""What the operator's commands share: a failure is one line that says what to do, and an exit
status other than 0; never a traceback, never what a row holds."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from signaling.geography import BadPlacesError
from signaling.locks import StoreIsBusyError
from signaling.reading import UnreadableFileError

INTERRUPTED = 130


class OperatorCommand(BaseCommand):
    """Subclasses write `run(options)` instead of `handle`."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.run(options)
        except (UnreadableFileError, BadPlacesError, StoreIsBusyError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            where = error.filename or settings.SIGNALING_STORE
            raise CommandError(
                f"{where}: {error.strerror}. What was taken in is safe; mend it and run this again"
            ) from None
        except DatabaseError as error:
            name = type(error.__cause__ or error).__name__  # its text may quote values
            raise CommandError(
                f"the database refused ({name}). What was taken in is safe; run this again"
            ) from None
        except KeyboardInterrupt:
            raise CommandError(
                "stopped. What was taken in is safe; run this again to go on",
                returncode=INTERRUPTED,
            ) from None

    def run(self, options: dict[str, Any]) -> None:
        raise NotImplementedError

    def line(self, label: str, value: object) -> None:
        """One aligned line of the summary; whole numbers get thousands separators."""
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        self.stdout.write(f"{label:<34} {shown:>15}")

    def reasons(self, title: str, counts: Counter[str]) -> None:
        """A total and, below it, its reasons, the most frequent first."""
        self.line(title, counts.total())
        for reason, rows in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            if rows:
                self.stdout.write(f"  {rows:>14,}  {reason}")

    def end(self, problems: Sequence[str]) -> None:
        """Fail when files could not be read, after everything else is done."""
        if problems:
            raise CommandError("not taken in:\n  " + "\n  ".join(problems))
