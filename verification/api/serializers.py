"""What comes in and goes out, in the names of the API. Rules are in `verification.services`."""

from typing import Any

from rest_framework import serializers

from consent.models import AskedBy
from organisations.catalogue import Purpose
from verification.forms import LONGEST_REFERENCE, reference_problem
from verification.places import LONGEST_TEXT
from verification.selectors import RequestState
from verification.services.requests import MOST_DAYS, MOST_KEPT_DAYS, MOST_PLACES

QUESTIONS = ("visited_any", "stayed_only_in", "itinerary")
CODE = serializers.RegexField(r"^[A-Za-z0-9_-]{1,20}\Z", max_length=20)
NONCE = r"^[A-Za-z0-9_-]{8,22}\Z"
CURSOR = r"^[A-Za-z0-9_-]{1,120}\Z"


class _Strict(serializers.Serializer[Any]):
    """A member that is not known is a mistake, and not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(name): ["unknown_field"] for name in unknown})
        return super().to_internal_value(data)


class NewRequestSerializer(_Strict):
    """A question to one person, who is named by a number or by a sharing code, not both."""

    purpose = serializers.ChoiceField(choices=Purpose.values)
    question = serializers.ChoiceField(choices=QUESTIONS)
    places = serializers.ListField(child=CODE, required=False, default=list, max_length=MOST_PLACES)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    kept_days = serializers.IntegerField(min_value=1, max_value=MOST_KEPT_DAYS)
    number = serializers.RegexField(
        r"^\+[1-9][0-9]{5,14}\Z", required=False, default="", help_text="E.164"
    )
    code = serializers.CharField(
        required=False, default="", max_length=24, help_text="a sharing code: K7M2Q-X9TB9"
    )
    nonce = serializers.RegexField(NONCE, required=False, default="")
    reference = serializers.CharField(
        required=False,
        default="",
        max_length=LONGEST_REFERENCE,
        help_text="your own; shown to nobody else",
    )

    def validate_reference(self, value: str) -> str:
        if problem := reference_problem(value):
            raise serializers.ValidationError(problem)
        return value


class ListingSerializer(_Strict):
    """What to list."""

    cursor = serializers.RegexField(
        CURSOR, required=False, default="", help_text="`next` of the page before"
    )
    size = serializers.IntegerField(required=False, default=25, min_value=1, max_value=100)


class SearchSerializer(ListingSerializer):
    """What to look for."""

    reference = serializers.CharField(max_length=LONGEST_REFERENCE, help_text="a part of your own")

    def to_internal_value(self, data: Any) -> Any:
        kinds = {"reference": str, "cursor": str, "size": int}
        if isinstance(data, dict) and (
            wrong := [n for n, kind in kinds.items() if n in data and type(data[n]) is not kind]
        ):
            raise serializers.ValidationError({name: ["invalid"] for name in wrong})
        return super().to_internal_value(data)


class PlaceSearchSerializer(_Strict):
    q = serializers.CharField(max_length=LONGEST_TEXT, help_text="a part of a name, or a code")
    language = serializers.ChoiceField(choices=["en", "zh"], required=False, default="en")


class RequestSerializer(serializers.Serializer[Any]):
    """A request as its asker sees it. Whatever became of it, it is `open` until there is an answer
    or `closes_at`."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=[state.value for state in RequestState])
    purpose = serializers.CharField()
    question = serializers.CharField()
    places = serializers.ListField(child=serializers.CharField())
    days = serializers.IntegerField()
    kept_days = serializers.IntegerField()
    asked_by = serializers.ChoiceField(choices=AskedBy.values)
    nonce = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    is_test = serializers.BooleanField()
    asked_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    cancelled_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class RequestPageSerializer(serializers.Serializer[Any]):
    requests = RequestSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="the cursor of the next page")


class CheckAtSerializer(serializers.Serializer[Any]):
    page = serializers.URLField()
    keys = serializers.URLField()
    status_list = serializers.URLField(allow_null=True)


class AnswerSerializer(serializers.Serializer[Any]):
    """The signed answer. Keep `token`: it is what counts, and it can be checked without us."""

    token = serializers.CharField()
    claims = serializers.DictField(allow_null=True)
    finding = serializers.CharField()
    status_as_of = serializers.CharField(allow_null=True)
    in_words = serializers.DictField()
    delete_by = serializers.DateField()
    check_at = CheckAtSerializer()


class NewWebhookSerializer(_Strict):
    url = serializers.CharField(max_length=500, help_text="https, reachable from the internet")


class WebhookSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    is_test = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    failing_since = serializers.DateTimeField(allow_null=True)
    disabled_at = serializers.DateTimeField(
        allow_null=True, help_text="by an owner, or after days of failures"
    )


class WebhookWithSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="shown this once")


class WebhooksSerializer(serializers.Serializer[Any]):
    webhooks = WebhookSerializer(many=True)


class AttemptSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    outcome = serializers.CharField(help_text="an HTTP status, or why the server was not reached")


class DeliverySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    event = serializers.CharField()
    request_id = serializers.UUIDField(allow_null=True, help_text="none in a test of the address")
    made_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    given_up_at = serializers.DateTimeField(allow_null=True)
    attempts = AttemptSerializer(many=True, source="tries")


class DeliveriesSerializer(serializers.Serializer[Any]):
    deliveries = DeliverySerializer(many=True)


class UsageDaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()


class UsageSerializer(serializers.Serializer[Any]):
    asked = serializers.IntegerField(help_text="in the last 24 hours")
    asked_allowed = serializers.IntegerField()
    open = serializers.IntegerField()
    open_allowed = serializers.IntegerField()
    days = UsageDaySerializer(many=True)


class PlaceSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    within = serializers.CharField(allow_blank=True)
    is_country = serializers.BooleanField()


class PlacesSerializer(serializers.Serializer[Any]):
    places = PlaceSerializer(many=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]  # the standard's name for it
        child=serializers.ListField(child=serializers.CharField()), required=False
    )
