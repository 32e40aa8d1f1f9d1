"""Reading accounts."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import StaffMember, StaffRole, User


def staff_role(user: User | AnonymousUser) -> StaffRole | None:
    """The role of a member of staff; read at each call, so an ended one ends at once."""
    if not user.is_authenticated:
        return None
    role = StaffMember.objects.filter(user_id=user.pk).values_list("role", flat=True).first()
    return StaffRole(role) if role else None


def account_of(email: str) -> User | None:
    """The account with this address, for callers that do not show whether there is one."""
    return User.objects.filter(email=email.strip().lower()).first()
