"""The whole of an explanation in one sentence."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from gtm.compile.compiler import Compiled
from gtm.dns.names import to_wire
from gtm.explain.explanation import RegionView, Steering
from gtm.model import Policy, State, Verdict
from gtm.overrides.nearest import services_like
from gtm.overrides.override import WORDS
from gtm.snapshot import ZoneData

BY_COST = {Policy.NEAREST.value, Policy.LATENCY.value}
WITHOUT_REGIONS = {
    "all": "no region is up, so all are answered as if they were: {regions}",
    "last_good": "no region is up, so it is answered as it last was: {regions}",
    "nodata": "no region is up, and the app then says that there is nothing (NODATA)",
    "servfail": "no region is up, and the app then says SERVFAIL",
    "addresses": "no region is up, so the app's addresses of last resort are given",
}


def summary_of(
    compiled: Compiled,
    zone: ZoneData | None,
    owner: str,
    message: dns.message.Message,
    steering: Steering | None,
) -> str:
    """Why the message says what it says; with names that are close, where there is none like it."""
    inside = zone is not None
    said = _told(zone, owner, message) or _whole(message, steering, inside)
    return said + _meant(compiled, owner, message, inside)


def _meant(compiled: Compiled, owner: str, message: dns.message.Message, inside: bool) -> str:
    """Names that are close, where there is none like it."""
    if inside and message.rcode() != dns.rcode.NXDOMAIN:
        return ""
    return services_like(owner, compiled.apps.values())


def _whole(message: dns.message.Message, steering: Steering | None, inside: bool) -> str:
    """The whole of it in one sentence."""
    if not inside:
        return "refused: the name is outside every zone that is served"
    if steering is None:
        return _unsteered(message)
    regions = " and ".join(steering.regions_picked) or "no region"
    if steering.fallback is not None:
        return WITHOUT_REGIONS[steering.fallback].format(regions=regions)
    if steering.override is not None:
        return f"{regions}: by the zone's override for {steering.override}" + _because(steering)
    if steering.policy not in BY_COST:
        return f"{regions}: picked by {steering.policy}" + _because(steering)
    if steering.regions[0].cost is None:
        return (
            f"{regions}: the client's place is not known, "
            "so it is the first region in the zone's order that is up"
        )
    return f"{regions}: {_nearest(steering)}"


def _because(steering: Steering) -> str:
    return f" ({'; '.join(steering.notes)})" if steering.notes else ""


def _nearest(steering: Steering) -> str:
    before = [view for view in _until_picked(steering) if view.dropped is not None]
    if before:
        return f"nearest of those up ({_would_be_nearer(before)})"
    full = [view.region for view in _until_picked(steering) if _is_full(steering, view)]
    if full:
        return f"nearest with room ({' and '.join(full)} would be nearer, but is full)"
    if len([view for view in steering.regions if view.share]) > 1:
        return "one of the regions that share these clients" + _because(steering)
    if unused := [view.region for view in _until_picked(steering)]:
        nearer = " and ".join(unused)
        return f"nearest of those that the policy uses here ({nearer} would be nearer)"
    if any(view.picked and view.verdict.state is State.UNKNOWN for view in steering.regions):
        return "the nearest region, and taken to be up, as it is not known"
    return "the nearest region, and up"


def _is_full(steering: Steering, view: RegionView) -> bool:
    """Whether a region turns some of these clients away for its load."""
    return any(note.startswith(f"{view.region} takes ") for note in steering.notes)


def _would_be_nearer(views: list[RegionView]) -> str:
    """What stands in the way of nearer regions: that they are down, or an operator's word."""
    down = [view.region for view in views if not view.verdict.withheld]
    failed = f"{' and '.join(down)} would be nearer, but {'is' if len(down) == 1 else 'are'} down"
    spoken = [
        f"{view.region} would be nearer, but is {_word(view.verdict)}"
        for view in views
        if view.verdict.withheld
    ]
    return "; ".join([failed, *spoken] if down else spoken)


def _word(verdict: Verdict) -> str:
    """`drained by alice: kernel update`; before it, what of the region the word is about."""
    assert verdict.act is not None  # noqa: S101  # only asked of what an operator took out
    word = WORDS[verdict.act]
    return verdict.reason if verdict.reason.startswith(word) else f"{word} ({verdict.reason})"


def _until_picked(steering: Steering) -> list[RegionView]:
    views = []
    for view in steering.regions:
        if view.picked:
            break
        views.append(view)
    return views


def _told(zone: ZoneData | None, owner: str, message: dns.message.Message) -> str:
    """What an answer to `whoami` is; "" for other names."""
    whoami = None if zone is None else zone.whoami
    if whoami is None or whoami.name != to_wire(owner) or not message.answer:
        return ""
    return "what is seen of this client, said to those alone that the zone's `whoami` allows"


def _unsteered(message: dns.message.Message) -> str:
    if message.rcode() == dns.rcode.NXDOMAIN:
        return "no such name in the zone"
    if message.rcode() != dns.rcode.NOERROR:
        return f"{dns.rcode.to_text(message.rcode())}: no question of this type is answered"
    if message.answer:
        return "a static record: the same for every client"
    if not message.flags & dns.flags.AA:
        return "delegated: the name belongs to a zone that other servers hold"
    return "the name exists, without records of this type"
