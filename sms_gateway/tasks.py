"""Thin tasks: ids in, nothing out. Each may run any number of times."""

from celery import shared_task

from sms_gateway import services


@shared_task
def handle(inbound_id: int) -> None:
    services.handle(inbound_id=inbound_id)


@shared_task
def handle_again(inbound_id: int) -> None:
    """What the sweep found: the attempt is counted first."""
    services.handle(inbound_id=inbound_id, again=True)


@shared_task
def send(outbound_id: int, waits: int = 0) -> None:
    services.send(outbound_id=outbound_id, waits=waits)


@shared_task
def apply_report(report_id: int) -> None:
    services.apply_report(report_id=report_id)


@shared_task
def sweep() -> None:
    services.sweep()


@shared_task
def watch() -> None:
    services.watch()
    services.close_when_affordable()


@shared_task
def operate() -> None:
    services.operate()


@shared_task
def probe() -> None:
    services.probe()


@shared_task
def watch_probes() -> None:
    services.watch_probes()


@shared_task
def redact() -> None:
    services.redact()


@shared_task
def purge_bodies() -> None:
    services.purge_bodies()
