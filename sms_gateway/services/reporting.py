"""Applying delivery reports to the texts they speak of."""

from django.db import transaction

from sms_gateway import clock, providers
from sms_gateway.models import DeliveryReport, OutboundMessage, OutboundPart, Reason
from sms_gateway.providers import DID_NOT_ARRIVE, Provider, Receipt
from sms_gateway.services import opting
from sms_gateway.services.progress import accept, advance


@transaction.atomic
def apply_report(*, report_id: int) -> None:
    """Bring a text as far as a report says. Reports of unknown texts stay, for the send that has
    not returned yet."""
    report = (
        DeliveryReport.objects.select_for_update(skip_locked=True)
        .filter(id=report_id, applied_at=None)
        .first()
    )
    row = _text_of(report) if report is not None else None
    if report is None or row is None:
        return
    provider = providers.get(report.provider)
    receipt = _of_all_parts(row, provider, provider.receipt(report.status))
    failure = provider.failure(report.error_code)
    if receipt is not None:
        if receipt in (Receipt.SENT, Receipt.DELIVERED) or row.provider_message_id is None:
            accept(row, report.provider_message_id)
        lost = receipt in DID_NOT_ARRIVE
        reason = Reason(failure.kind.value) if lost else None
        advance(row, receipt, error_code=report.error_code, reason=reason)
    if failure.opted_out:
        opting.is_blocked_by(
            number_index=bytes(row.number_index),
            provider=row.provider,  # accounts of one provider share their webhooks
            code=report.error_code,
        )
    DeliveryReport.objects.filter(id=report.id).update(applied_at=clock.now())


def _of_all_parts(
    row: OutboundMessage, provider: Provider, receipt: Receipt | None
) -> Receipt | None:
    """What a report of one part says of the text: it is delivered when all of its parts are."""
    ids = list(
        OutboundPart.objects.filter(outbound_id=row.id).values_list(
            "provider_message_id", flat=True
        )
    )
    if receipt is not Receipt.DELIVERED or not ids:
        return receipt
    reports = DeliveryReport.objects.filter(provider=row.provider, provider_message_id__in=ids)
    told = reports.values_list("provider_message_id", "status")
    arrived = {given for given, status in told if provider.receipt(status) is Receipt.DELIVERED}
    return Receipt.DELIVERED if arrived.issuperset(ids) else Receipt.SENT


def _text_of(report: DeliveryReport) -> OutboundMessage | None:
    """The text a report is about, locked: by our reference where it carries one, else by its id."""
    rows = OutboundMessage.objects.select_for_update()
    if report.ref is not None:
        return rows.filter(ref=report.ref, provider__in=providers.family(report.provider)).first()
    named = {"provider": report.provider, "provider_message_id": report.provider_message_id}
    part = OutboundPart.objects.filter(**named).values_list("outbound_id", flat=True).first()
    return rows.filter(id=part).first() if part else rows.filter(**named).first()
