"""Webhooks over the API."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from organisations.catalogue import Scope
from verification import outgoing
from verification.api import described
from verification.api.problems import Problem
from verification.api.serializers import (
    DeliveriesSerializer,
    NewWebhookSerializer,
    WebhooksSerializer,
    WebhookWithSecretSerializer,
)
from verification.api.views import KeyView
from verification.models import Webhook
from verification.services import webhooks
from verification.services.requests import Asker

MOST_SHOWN = 100


class WebhookView(KeyView):
    """The base of those that are about one webhook."""

    def asker(self, request: ApiRequest) -> Asker:
        return Asker.key(self.key(request))

    def hook(self, request: ApiRequest, webhook_id: UUID) -> Webhook:
        found = webhooks.own(self.asker(request)).filter(id=webhook_id).first()
        if found is None:
            raise Http404
        return found


class WebhooksView(WebhookView):
    needed_scopes = {"GET": Scope.WEBHOOKS_WRITE, "POST": Scope.WEBHOOKS_WRITE}

    @described.list_webhooks
    def get(self, request: ApiRequest) -> Response:
        return Response(WebhooksSerializer({"webhooks": webhooks.own(self.asker(request))}).data)

    @described.create_webhook
    def post(self, request: ApiRequest) -> Response:
        wanted = NewWebhookSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            hook, secret = webhooks.register(
                by=self.asker(request), url=wanted.validated_data["url"]
            )
        except outgoing.UnreachableError as error:
            raise Problem("invalid", errors={"url": ["not_https"]}) from error
        except webhooks.TakenError as error:
            raise Problem("invalid", errors={"url": ["taken"]}) from error
        except webhooks.TooManyError as error:
            raise Problem("cap", which="webhooks") from error
        return Response(_with_secret(hook, secret), status=201)


class OneWebhookView(WebhookView):
    needed_scopes = {"DELETE": Scope.WEBHOOKS_WRITE}

    @described.remove_webhook
    def delete(self, request: ApiRequest, webhook_id: UUID) -> Response:
        self.hook(request, webhook_id)
        webhooks.remove(by=self.asker(request), webhook_id=webhook_id)
        return Response(status=204)


class RotateView(WebhookView):
    needed_scopes = {"POST": Scope.WEBHOOKS_WRITE}

    @described.rotate_webhook
    def post(self, request: ApiRequest, webhook_id: UUID) -> Response:
        self.hook(request, webhook_id)
        return Response(
            _with_secret(*webhooks.rotate(by=self.asker(request), webhook_id=webhook_id))
        )


class DeliveriesView(WebhookView):
    needed_scopes = {"GET": Scope.WEBHOOKS_WRITE}

    @described.list_deliveries
    def get(self, request: ApiRequest, webhook_id: UUID) -> Response:
        told = self.hook(request, webhook_id).deliveries.prefetch_related("tries")
        latest = told.order_by("-made_at", "id")[:MOST_SHOWN]
        return Response(DeliveriesSerializer({"deliveries": latest}).data)


def _with_secret(hook: Webhook, secret: str) -> dict[str, object]:
    hook.secret = secret  # type: ignore[attr-defined]  # for this one reply
    return dict(WebhookWithSecretSerializer(hook).data)
