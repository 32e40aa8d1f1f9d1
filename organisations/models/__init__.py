from organisations.models.api_key import ApiKey
from organisations.models.invitation import Invitation
from organisations.models.membership import Membership
from organisations.models.organisation import Organisation

__all__ = ["ApiKey", "Invitation", "Membership", "Organisation"]
