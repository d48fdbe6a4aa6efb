"""What is copied of each zone now, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from gtm.compile.groups import Group
from gtm.dns.types import Type
from gtm.model import Zone
from gtm.snapshot import RRset, Snapshot, ZoneData
from gtm.transfer.copy import Copy
from gtm.transfer.view import Chosen, chosen


class Held:
    """One serial of a zone: its steered names stay as they were when it began to be served.

    They are looked up when they are first needed, as there may be many, and the snapshot is let
    go of then.
    """

    def __init__(
        self, zone: Zone, data: ZoneData, snapshot: Snapshot, groups: Sequence[Group]
    ) -> None:
        """`zone` has a `transfer`."""
        self.zone = zone
        self._data = data
        self._source: tuple[Snapshot, Sequence[Group]] | None = (snapshot, groups)
        self._chosen: Chosen = {}
        self._lock = threading.Lock()

    @property
    def serial(self) -> int:
        """The serial."""
        return self.zone.serial

    @property
    def soa(self) -> RRset:
        """The SOA that goes with it."""
        return self._data.names[self._data.apex].rrsets[Type.SOA]

    @property
    def secure(self) -> bool:
        """Whether the zone is signed."""
        return self._data.secure is not None

    def copied(self) -> Copy:
        """What is copied. May take long the first time."""
        with self._lock:
            if self._source is not None:
                assert self.zone.transfer is not None  # noqa: S101  # see __init__
                snapshot, groups = self._source
                self._chosen = chosen(snapshot, groups, self._data, self.zone.transfer.view)
                self._source = None
            return Copy(self.serial, self._data, self._chosen)

    def reloaded(self, zone: Zone, data: ZoneData) -> bool:
        """Takes over the same content after a load; False if it is not known yet what it was."""
        assert zone.transfer is not None  # noqa: S101  # see __init__
        view = None if self.zone.transfer is None else self.zone.transfer.view
        with self._lock:
            if self._source is not None or view is not zone.transfer.view:
                return False
            self.zone, self._data = zone, data
            return True
