from accounts.management.staff_command import NewStaffCommand
from accounts.models import StaffRole


class Command(NewStaffCommand):
    help = "Make an account for an operator and print the link with which they set it up."
    role = StaffRole.OPERATOR
