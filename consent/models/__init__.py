from consent.models.by_phone import WithdrawalByPhone
from consent.models.choices import Block, Pause, SharingCode
from consent.models.consent import Consent, State
from consent.models.erasure import ErasureWish
from consent.models.notice import Notice
from consent.models.release import Release
from consent.models.request import AskedBy, Request

__all__ = [
    "AskedBy",
    "Block",
    "Consent",
    "ErasureWish",
    "Notice",
    "Pause",
    "Release",
    "Request",
    "SharingCode",
    "State",
    "WithdrawalByPhone",
]
