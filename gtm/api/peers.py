"""What the API tells of copies of zones, of secondaries, and of records that updates added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gtm.api.acts import note_updates_removed
from gtm.api.call import Call
from gtm.api.models import (
    AddedRecords,
    SecondaryStatus,
    UpdatesQuery,
    UpdatesRemoval,
    UpdatesRemoved,
    UpdatesShape,
)
from gtm.control.controller import Controller
from gtm.dns.names import is_below, to_text, to_wire
from gtm.dns.types import type_text
from gtm.errors import ServerError, UsageError
from gtm.model import Zone


async def updates(call: Call[UpdatesQuery, None]) -> UpdatesShape:
    """The records that dynamic updates have added."""
    return listed(call.serving.controller, call.query.zone)


async def remove_updates(call: Call[UpdatesRemoval, None]) -> UpdatesRemoved:
    """Takes records out again that updates added."""
    asked = call.query
    found = await removed(call.serving.controller, asked.zone, asked.name, asked.type, asked.by)
    if found.removed:
        note_updates_removed(call, found)
    return found


def updated_names(controller: Controller, zone: Zone) -> int:
    """How many names of a zone have records that updates added."""
    found = controller.exchange
    return 0 if found is None else found.updates.standing(zone.name).added.names


def secondaries(controller: Controller, zone: Zone) -> list[SecondaryStatus]:
    """The servers that are told of a zone's changes, and how that went."""
    if controller.exchange is None or zone.transfer is None:
        return []
    told = controller.exchange.notifier.told
    pairs = ((one, told.get((zone.name, one))) for one in zone.transfer.notify)
    return [
        SecondaryStatus(
            address=str(one),
            serial=None if last is None else last.serial,
            outcome="" if last is None else last.outcome,
        )
        for one, last in pairs
    ]


def listed(controller: Controller, name: str) -> UpdatesShape:
    """The records that updates added to a zone. Raises UsageError."""
    zone = _zone(controller, name)
    assert controller.exchange is not None  # noqa: S101  # _zone has seen to it
    standing = controller.exchange.updates.standing(zone.name)
    return UpdatesShape(
        zone=zone.name,
        records=[
            AddedRecords(
                name=to_text(at),
                type=type_text(rrtype),
                ttl=found.ttl,
                values=[_said(rrtype, data) for data in found.data],
                waiting=(at, rrtype) in standing.waiting,
            )
            for (at, rrtype), found in sorted(standing.added.sets.items())
        ],
    )


async def removed(
    controller: Controller, zone_name: str, name: str, rrtype: str, by: str
) -> UpdatesRemoved:
    """Takes records out again that updates added. Raises UsageError, ServerError."""
    zone = _zone(controller, zone_name)
    assert controller.exchange is not None  # noqa: S101  # _zone has seen to it
    desk = controller.exchange.updates
    try:
        at = to_wire(name if name.endswith(".") else f"{name}.")
        if not is_below(at, to_wire(zone.name)):
            at = to_wire(f"{name.rstrip('.')}.{zone.name}".lstrip("."))
    except dns.exception.DNSException:
        raise UsageError(f"cannot remove records of {name!r}: it is not a name") from None
    keys = [
        key
        for key in desk.standing(zone.name).added.sets
        if key[0] == at and rrtype.upper() in ("", type_text(key[1]))
    ]
    try:
        count = await desk.remove(zone.name, keys, by)
    except OSError as error:
        why = f"that can't be kept: {error.strerror or error}"
        raise ServerError(f"cannot remove records of {name!r}: {why}") from error
    return UpdatesRemoved(zone=zone.name, name=to_text(at), removed=count)


def peer_metrics(controller: Controller) -> Iterator[Metric]:
    """Counts of transfers, messages to secondaries and updates."""
    found = controller.exchange
    if found is None:
        return
    yield _counted("gtm_transfers", "Copies of zones.", "outcome", found.streams.counts)
    yield _counted("gtm_notifies", "Secondaries told.", "outcome", found.notifier.counts)
    yield _counted("gtm_updates", "Dynamic updates.", "rcode", found.updates.counts)
    gauge = GaugeMetricFamily(
        "gtm_updates_records", "Records that updates have added.", labels=["zone"]
    )
    for zone in controller.compiled.zones:
        if zone.updates:
            added = found.updates.standing(zone.name).added
            gauge.add_metric([zone.name], float(added.records))
    yield gauge


def _counted(
    name: str, text: str, label: str, counts: Counter[tuple[str, str]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=["zone", label])
    for (zone, outcome), count in list(counts.items()):
        family.add_metric([zone, outcome], float(count))
    return family


def _zone(controller: Controller, name: str) -> Zone:
    wanted = f"{name.rstrip('.').lower()}."
    for zone in controller.compiled.zones:
        if zone.name == wanted and controller.exchange is not None:
            return zone
    known = ", ".join(zone.name.rstrip(".") for zone in controller.compiled.zones[:10])
    raise UsageError(f"cannot show updates of {name!r}: the zones here are {known}")


def _said(rrtype: int, data: bytes) -> str:
    kind = dns.rdatatype.RdataType.make(rrtype)
    return dns.rdata.from_wire(dns.rdataclass.IN, kind, data, 0, len(data)).to_text()
