from verification.models.answer import Answer
from verification.models.issued import IssuedAnswer, SigningKey, StatusList

__all__ = ["Answer", "IssuedAnswer", "SigningKey", "StatusList"]
