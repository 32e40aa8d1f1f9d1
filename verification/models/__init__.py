from verification.models.answer import Answer
from verification.models.idempotency import IdempotentReply
from verification.models.issued import IssuedAnswer, SigningKey, StatusList
from verification.models.upload import Upload, UploadRow
from verification.models.webhook import Attempt, Delivery, Webhook

__all__ = [
    "Answer",
    "Attempt",
    "Delivery",
    "IdempotentReply",
    "IssuedAnswer",
    "SigningKey",
    "StatusList",
    "Upload",
    "UploadRow",
    "Webhook",
]
