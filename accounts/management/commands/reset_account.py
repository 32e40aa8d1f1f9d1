from accounts import services
from accounts.management.staff_command import AddressCommand


class Command(AddressCommand):
    help = (
        "For somebody who lost password or second factor: remove both, end their sessions and"
        " print a link with which they set the account up again. Make sure who they are first."
    )

    def act(self, email: str) -> None:
        self.show_link(services.reset_account(email=email))
