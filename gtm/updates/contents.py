"""What a zone has, as updates see it: the file's records, services, and what was added."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gtm.dns.names import ancestors, is_below, parent, to_wire
from gtm.dns.types import Type
from gtm.model import Zone
from gtm.updates.request import canonical

Sets = Mapping[int, tuple[bytes, ...]]  # data as it is compared, by type
NOTHING: Sets = {}


class FileContents:
    """A zone as its file has it. Made once for each load; the index when it is first needed."""

    def __init__(self, zone: Zone) -> None:
        """`zone` is without what updates have added."""
        self.zone = zone
        self.apex = to_wire(zone.name)

    def sets(self, name: bytes) -> Sets:
        """The records at a name, in lower case."""
        found = self._index.get(name)
        if found is None and self.zone.plain is not None:
            found = {rrtype: tuple(data) for rrtype, _, data in self.zone.plain.sets(name) or ()}
        return found or NOTHING

    def is_plain(self, name: bytes) -> bool:
        """Whether the name is one of the very many, which are not taken apart."""
        return self.zone.plain is not None and name in self.zone.plain

    def is_service(self, name: bytes) -> bool:
        """Whether steering answers for the name."""
        return name in self._services

    def is_delegated(self, name: bytes) -> bool:
        """Whether the name lies at or below a delegation, or below a DNAME."""
        above = ancestors(parent(name)) if name != self.apex else ()
        if name != self.apex and Type.NS in self.sets(name):
            return True
        return any(
            (Type.NS in self.sets(each) and each != self.apex) or DNAME in self.sets(each)
            for each in above
            if is_below(each, self.apex)
        )

    @cached_property
    def _services(self) -> frozenset[bytes]:
        return frozenset(to_wire(one.name) for app in self.zone.apps for one in app.services)

    @cached_property
    def _index(self) -> Mapping[bytes, Sets]:
        zone = self.zone
        index: dict[bytes, dict[int, tuple[bytes, ...]]] = {}
        for rrset in zone.rrsets:
            data = tuple(canonical(rrset.type, one) for one in rrset.rdata)
            index.setdefault(to_wire(rrset.name), {})[rrset.type] = data
        here = index.setdefault(self.apex, {})
        here[Type.SOA] = ()
        here[Type.NS] = tuple(to_wire(server.name) for server in zone.nameservers)
        for server in zone.nameservers:
            for address in server.addresses:
                rrtype = int(Type.A if address.version == 4 else Type.AAAA)
                at = index.setdefault(to_wire(server.name), {})
                at[rrtype] = (*at.get(rrtype, ()), address.packed)
        return index


DNAME = 39  # RFC 6672 section 2.1
