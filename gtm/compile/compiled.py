"""An app as it is compiled: its verdicts, and where its services' answers stand."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from gtm.compile.beside import Beside
from gtm.compile.static import ZoneContext
from gtm.model import App, Service, Zone
from gtm.snapshot import Steered
from gtm.steering.lifetimes import FIXED, Lifetimes
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.verdicts import AppHealth

Touched = Mapping[str, Set[str]]  # service keys and their regions


@dataclass(frozen=True, slots=True)
class CompiledService:
    """A service with where its answers stand. It stays as it is until zones are loaded again.

    `beside` are the names that are steered with it.
    """

    service: Service
    steered: Steered
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledApp:
    """An app with its verdicts, under the words of `overlay`; `services` is by key.

    `deciding` has, by number, each group of the app's with the first service that is decided by it,
    `lifetimes` the TTLs of answers. `more` are the keys of services with names beside them.
    """

    zone: Zone
    app: App
    context: ZoneContext
    health: AppHealth
    services: Mapping[str, CompiledService]
    deciding: Mapping[int, Service]
    overlay: Overlay = SILENT
    lifetimes: Lifetimes = FIXED
    more: frozenset[str] = frozenset()

    def ttl(self, key: str) -> int:
        """The TTL of a service's answers, in seconds."""
        return self.lifetimes.of(self.zone, key).ttl
