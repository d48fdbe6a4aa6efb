"""Laying added records over a zone as its file has it.

The file is the operator's word: its records stay, with their TTL. Added ones stand beside them;
those that can't (a service or a CNAME has come to the name, or it was delegated) wait until they
can again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gtm.dns.names import is_below, to_text
from gtm.dns.types import Type
from gtm.model import RRset, Zone
from gtm.updates.added import Added, RRKey
from gtm.updates.contents import FileContents


def waiting(contents: FileContents, added: Added) -> Iterator[RRKey]:
    """The added records that can't stand beside what the file has now."""
    for name, rrtype in added.sets:
        filed = contents.sets(name)
        alone = Type.CNAME in filed or (rrtype == Type.CNAME and bool(filed))
        steered = contents.is_service(name) or contents.is_plain(name)
        outside = not is_below(name, contents.apex) or contents.is_delegated(name)
        if alone or steered or outside:
            yield name, rrtype


def laid_over(contents: FileContents, added: Added) -> Zone:
    """The zone with the added records that can stand in it."""
    zone = contents.zone
    if not added.sets:
        return zone
    out = set(waiting(contents, added))
    found = {(rrset.name, rrset.type): rrset for rrset in zone.rrsets}
    for key, one in added.sets.items():
        if key in out:
            continue
        name, rrtype = to_text(key[0]), key[1]
        filed = contents.sets(key[0]).get(rrtype, ())
        new = tuple(data for data in one.data if data not in filed)
        there = found.get((name, rrtype))
        if there is None:
            found[name, rrtype] = RRset(name, rrtype, one.ttl, new)
        else:
            found[name, rrtype] = replace(there, rdata=there.rdata + new)
    return replace(zone, rrsets=tuple(found[key] for key in sorted(found)))
