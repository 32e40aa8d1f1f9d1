from accounts import services
from accounts.management.staff_command import AddressCommand


class Command(AddressCommand):
    help = "Close the account of a member of staff; their sessions end at once."

    def act(self, email: str) -> None:
        services.end_staff(email=email)
        self.stdout.write("The account is closed.")
