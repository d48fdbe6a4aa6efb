"""What an update comes to: prerequisites, permission, changes (RFC 2136 section 3). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gtm.dns.names import is_below, to_text
from gtm.dns.types import IN, Rcode, Type, type_text
from gtm.peering import Updates
from gtm.updates.added import Added, Change
from gtm.updates.contents import FileContents
from gtm.updates.request import ANY_CLASS, NONE_CLASS, Record, Request, is_data_type

PER_SET = 100  # records of one name and type: their answer has to fit into messages
PER_ZONE = 10_000  # records: each update looks through them
LONGEST_TTL = 2**31 - 1  # seconds (RFC 2181 section 8)


@dataclass(frozen=True, slots=True)
class Judged:
    """How an update ends: the changes to make, or (with another rcode) why there are none."""

    rcode: Rcode
    changes: tuple[Change, ...] = ()
    reason: str = ""


class _Ended(Exception):  # noqa: N818 - it ends the judging, it is no fault
    def __init__(self, rcode: Rcode, reason: str) -> None:
        super().__init__(reason)
        self.judged = Judged(rcode, (), reason)


def judge(
    request: Request, contents: FileContents, added: Added, granted: Sequence[Updates]
) -> Judged:
    """What the update changes: all that it asks for, or nothing.

    `granted` is what its sender may change. Records of the zone file stay as they are: an update
    that would take one out is refused.
    """
    try:
        _Prerequisites(contents, added).demand(request.prerequisites)
        working = _Working(contents, added, granted)
        for record in request.changes:
            working.prescan(record)
        for record in request.changes:
            working.make(record)
    except _Ended as ended:
        return ended.judged
    return working.judged()


@dataclass(frozen=True, slots=True)
class _Prerequisites:
    """RFC 2136 section 3.2."""

    contents: FileContents
    added: Added

    def demand(self, records: Sequence[Record]) -> None:
        wanted: dict[tuple[bytes, int], set[bytes]] = {}
        for record in records:
            self._demand(record, wanted)
        for (name, rrtype), data in wanted.items():
            if self._data(name, rrtype) != data:
                raise _Ended(Rcode.NXRRSET, f"{_at(name, rrtype)} is otherwise")

    def _demand(self, record: Record, wanted: dict[tuple[bytes, int], set[bytes]]) -> None:
        name, rrtype = record.name, record.type
        if record.ttl != 0:
            raise _Ended(Rcode.FORMERR, "a prerequisite with a TTL")
        if not is_below(name, self.contents.apex):
            raise _Ended(Rcode.NOTZONE, f"{to_text(name)} is outside the zone")
        if record.rrclass == IN:
            if not is_data_type(rrtype):
                raise _Ended(Rcode.FORMERR, "a prerequisite of no type")
            wanted.setdefault((name, rrtype), set()).add(record.data)
            return
        if record.rrclass not in (ANY_CLASS, NONE_CLASS) or record.data:
            raise _Ended(Rcode.FORMERR, "a prerequisite of no form")
        if rrtype != Type.ANY and not is_data_type(rrtype):
            raise _Ended(Rcode.FORMERR, "a prerequisite of no type")
        there = self._in_use(name) if rrtype == Type.ANY else self._exists(name, rrtype)
        if record.rrclass == ANY_CLASS and not there:
            rcode = Rcode.NXDOMAIN if rrtype == Type.ANY else Rcode.NXRRSET
            raise _Ended(rcode, f"{_at(name, rrtype)} is not there")
        if record.rrclass == NONE_CLASS and there:
            rcode = Rcode.YXDOMAIN if rrtype == Type.ANY else Rcode.YXRRSET
            raise _Ended(rcode, f"{_at(name, rrtype)} is there")

    def _in_use(self, name: bytes) -> bool:
        return (
            bool(self.contents.sets(name))
            or self.contents.is_service(name)
            or any(at == name for at, _ in self.added.sets)
        )

    def _exists(self, name: bytes, rrtype: int) -> bool:
        if rrtype in self.contents.sets(name) or (name, rrtype) in self.added.sets:
            return True
        return self.contents.is_service(name) and rrtype in (Type.A, Type.AAAA)

    def _data(self, name: bytes, rrtype: int) -> set[bytes]:
        found = self.added.sets.get((name, rrtype))
        return {*self.contents.sets(name).get(rrtype, ()), *(found.data if found else ())}


class _Working:
    """The records as they become, one change after the other (RFC 2136 section 3.4)."""

    def __init__(self, contents: FileContents, added: Added, granted: Sequence[Updates]) -> None:
        self._contents = contents
        self._before = added
        self._added = added
        self._granted = granted
        self._changes: list[Change] = []

    def judged(self) -> Judged:
        if self._added.records > PER_ZONE:
            return Judged(Rcode.REFUSED, (), f"the zone would have over {PER_ZONE} added records")
        for (name, rrtype), found in self._added.sets.items():
            if len(found.data) > PER_SET:
                reason = f"{_at(name, rrtype)} would have over {PER_SET} records"
                return Judged(Rcode.REFUSED, (), reason)
        same = self._added.sets == self._before.sets
        return Judged(Rcode.NOERROR, () if same else tuple(self._changes))

    def prescan(self, record: Record) -> None:
        """RFC 2136 section 3.4.1, and permission (section 3.3)."""
        name, rrtype = record.name, record.type
        if not is_below(name, self._contents.apex):
            raise _Ended(Rcode.NOTZONE, f"{to_text(name)} is outside the zone")
        if record.rrclass == IN:
            sound = is_data_type(rrtype) and record.data != b"" and record.ttl <= LONGEST_TTL
        elif record.rrclass == ANY_CLASS:
            typed = is_data_type(rrtype) or rrtype == Type.ANY
            sound = typed and record.ttl == 0 and not record.data
        else:
            sound = record.rrclass == NONE_CLASS and is_data_type(rrtype) and record.ttl == 0
        if not sound:
            raise _Ended(Rcode.FORMERR, f"a change of no form at {to_text(name)}")
        self._permit(name, rrtype)

    def _permit(self, name: bytes, rrtype: int) -> None:
        relative = to_text(name[: len(name) - len(self._contents.apex)] + b"\0").removesuffix(".")
        allowed = any(
            one.covers(relative) if rrtype == Type.ANY else one.allows(relative, rrtype)
            for one in self._granted
        )
        if not allowed:
            raise _Ended(Rcode.REFUSED, f"the key may not change {_at(name, rrtype)}")
        if self._contents.is_service(name):
            raise _Ended(Rcode.REFUSED, f"{to_text(name)} is a service, which is steered")
        if self._contents.is_plain(name):
            raise _Ended(Rcode.REFUSED, f"{to_text(name)} is in the zone's master file")
        if self._contents.is_delegated(name):
            raise _Ended(Rcode.REFUSED, f"{to_text(name)} is delegated")
        if rrtype == Type.ANY:
            for at, kind in self._before.sets:
                if at == name and not any(one.allows(relative, kind) for one in self._granted):
                    raise _Ended(Rcode.REFUSED, f"the key may not change {_at(name, kind)}")

    def make(self, record: Record) -> None:
        """RFC 2136 section 3.4.2."""
        if record.rrclass == IN:
            self._add(record)
        elif record.rrclass == ANY_CLASS:
            self._remove_sets(record)
        else:
            self._remove_one(record)

    def _add(self, record: Record) -> None:
        name, rrtype = record.name, record.type
        filed = self._contents.sets(name)
        if record.data in filed.get(rrtype, ()):
            return  # it is there already, with the TTL that the file gives it
        alias = int(Type.CNAME)
        others = {*filed, *(kind for at, kind in self._added.sets if at == name)} - {rrtype}
        # section 3.4.2.2: a CNAME stands alone, so what does not go with what is there is ignored
        if (rrtype == alias and others) or alias in others:
            return
        if rrtype == alias:
            if alias in filed:
                raise self._is_filed(name, rrtype)
            self._drop(name, rrtype)
        self._change(Change(name, rrtype, record.ttl, record.data))

    def _remove_sets(self, record: Record) -> None:
        name, rrtype = record.name, record.type
        filed = self._contents.sets(name)
        if rrtype == Type.ANY:
            own = {int(Type.SOA), int(Type.NS)} if name == self._contents.apex else set[int]()
            for kind in filed:
                if kind not in own:
                    raise self._is_filed(name, kind)
        elif rrtype in filed:
            raise self._is_filed(name, rrtype)
        for at, kind in tuple(self._added.sets):
            if at == name and rrtype in (Type.ANY, kind):
                self._drop(name, kind)

    def _remove_one(self, record: Record) -> None:
        name, rrtype = record.name, record.type
        if record.data in self._contents.sets(name).get(rrtype, ()):
            raise self._is_filed(name, rrtype)
        found = self._added.sets.get((name, rrtype))
        if found is not None and record.data in found.data:
            self._change(Change(name, rrtype, 0, record.data, remove=True))

    def _drop(self, name: bytes, rrtype: int) -> None:
        found = self._added.sets.get((name, rrtype))
        for data in found.data if found else ():
            self._change(Change(name, rrtype, 0, data, remove=True))

    def _change(self, change: Change) -> None:
        self._changes.append(change)
        self._added = self._added.after((change,))

    def _is_filed(self, name: bytes, rrtype: int) -> _Ended:
        return _Ended(Rcode.REFUSED, f"{_at(name, rrtype)} is in the zone file")


def _at(name: bytes, rrtype: int) -> str:
    return f"{to_text(name)} {type_text(rrtype)}"
