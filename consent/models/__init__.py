from consent.models.consent import Consent, State
from consent.models.notice import Notice
from consent.models.release import Release

__all__ = ["Consent", "Notice", "Release", "State"]
