from verification.models.answer import Answer
from verification.models.idempotency import IdempotentReply
from verification.models.issued import IssuedAnswer, SigningKey, StatusList
from verification.models.upload import Upload, UploadRow

__all__ = [
    "Answer",
    "IdempotentReply",
    "IssuedAnswer",
    "SigningKey",
    "StatusList",
    "Upload",
    "UploadRow",
]
