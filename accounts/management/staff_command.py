from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from accounts import services
from accounts.models import StaffRole, User


class AddressCommand(BaseCommand):
    """A command about the account with one e-mail address."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the person's e-mail address")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            self.act(email)
        except ValidationError as error:
            raise CommandError("this is no e-mail address") from error
        except services.AccountExistsError as error:
            raise CommandError("there is an account with this address already") from error
        except User.DoesNotExist as error:
            raise CommandError("there is no such account") from error

    def act(self, email: str) -> None:
        raise NotImplementedError

    def show_link(self, token: str) -> None:
        hours = int(services.LINK_LIFE.total_seconds() // 3600)
        self.stdout.write(f"Hand this link over yourself; it works once, for {hours} hours:")
        self.stdout.write(settings.PUBLIC_BASE_URL + reverse("set_up", args=[token]))


class NewStaffCommand(AddressCommand):
    role: StaffRole

    def act(self, email: str) -> None:
        self.show_link(services.add_staff(email=email, role=self.role))
