"""What can be wrong, in the words of the rule; pages and the API say it in theirs."""


class NotAllowedError(Exception):
    """Who asks may not do this. For another organisation's things there is only "not found"."""


class WrongStateError(Exception):
    """The organisation is not in a state in which this can be done."""


class TakenError(Exception):
    """An active organisation has this name, one that looks like it, or this legal id."""


class LastOwnerError(Exception):
    """An organisation keeps at least one owner."""


class TooManyError(Exception):
    """Enough invitations for one day: e-mails to strangers are not for an owner to pour out."""


class AlreadyMemberError(Exception):
    """The person belongs to the organisation already."""


class InvitationError(Exception):
    """Unknown, used, revoked or too old: they look the same to whoever holds the link."""


class OtherPersonError(Exception):
    """The invitation is for another address than that of whoever is logged in."""
