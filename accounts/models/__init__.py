from accounts.models.outgoing_mail import OutgoingMail
from accounts.models.setup_link import SetupLink
from accounts.models.staff import StaffMember, StaffRole
from accounts.models.user import User

__all__ = ["OutgoingMail", "SetupLink", "StaffMember", "StaffRole", "User"]
