"""API keys for Django REST framework.

    class Requests(APIView):
        authentication_classes = [ApiKeyAuthentication]
        permission_classes = [HasScope]
        needed_scopes = {"GET": Scope.REQUESTS_READ, "POST": Scope.REQUESTS_WRITE}

`request.auth` is the ApiKey (`organisation`, `is_test`, `scopes`), `request.user` an ApiCaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from organisations.models import ApiKey
from organisations.services import keys

if TYPE_CHECKING:  # views look here for their defaults while they are defined
    from rest_framework.views import APIView

REFUSED = "A working API key is needed: Authorization: Bearer tc_live_…"


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """An organisation's software, in the place where Django has a user."""

    key: ApiKey
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def pk(self) -> str:
        """What throttles count by."""
        return str(self.key.id)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. Every key that does not work gets the same 401."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = keys.authenticate(text=text.strip())
        if key is None:
            raise AuthenticationFailed(REFUSED)
        return ApiCaller(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="travelcheck"'


class HasScope(BasePermission):
    """The key has the scope that the view names for the method. A method without one is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = getattr(view, "needed_scopes", {}).get(request.method)
        return isinstance(request.auth, ApiKey) and needed in request.auth.scopes
