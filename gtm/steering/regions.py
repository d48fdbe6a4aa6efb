"""From services to the regions of an app: whether each takes clients, and why, in words.

Whether a region takes clients is counted, so that one service among thousands that changes costs
no look at the others; the words are put together when someone asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtm.model import DOWN, UNKNOWN, UP, App, Service, State, Topology, Verdict
from gtm.steering.overlay import Overlay

if TYPE_CHECKING:
    from gtm.steering.verdicts import ServiceHealth

Services = Mapping[str, Mapping[str, "ServiceHealth"]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the services of a block that count stand in a region.

    `missing` is the first that is not deployed there, `withheld` how many an operator took out.
    """

    missing: str = ""
    down: int = 0
    unknown: int = 0
    withheld: int = 0

    def moved(self, down: int, unknown: int, withheld: int) -> Standing:
        """With so many more of them down, unknown, and withheld."""
        return Standing(
            self.missing, self.down + down, self.unknown + unknown, self.withheld + withheld
        )

    @property
    def state(self) -> State:
        """The block's, with no word about the region."""
        if self.missing or self.down:
            return DOWN
        return UNKNOWN if self.unknown else UP


class RegionVerdicts(Mapping[str, Verdict]):
    """An app's verdict for each of its regions; the words are derived when one is looked up."""

    def __init__(
        self,
        app: App,
        services: Services,
        overlay: Overlay,
        standings: Mapping[str, Standing],
        vetoes: Mapping[str, Verdict],
        known: Mapping[str, Verdict] | None = None,
    ) -> None:
        """`standings` is by region, for a block alone; `known` are verdicts derived before.

        `vetoes` are the verdicts of regions' own checks that are down.
        """
        self.standings = standings
        self._app = app
        self._services = services
        self._overlay = overlay
        self._vetoes = vetoes
        self._known = dict(known or {})

    def after(
        self,
        services: Services,
        overlay: Overlay,
        regions: Set[str],
        standings: Mapping[str, Standing],
        vetoes: Mapping[str, Verdict],
    ) -> RegionVerdicts:
        """Those of the same app after changes in these regions; all of them stand as given.

        Of the vetoes, those of these regions count.
        """
        known = {name: each for name, each in self._known.items() if name not in regions}
        kept = {name: each for name, each in self._vetoes.items() if name not in regions}
        vetoed = {name: each for name, each in vetoes.items() if name in regions} | kept
        return RegionVerdicts(self._app, services, overlay, standings, vetoed, known)

    def state(self, region: str) -> State:
        """What is believed of a region, without the words."""
        if not self.standings:
            return self[region].state
        state, word = self._block(region), self._overlay.regions.get(region)
        return state if word is None or revives(word, state is DOWN) else word.state

    def withheld(self, region: str) -> bool:
        """Whether an operator took a region out."""
        if not self.standings:
            return self[region].withheld
        here, word = self.standings[region], self._overlay.regions.get(region)
        if word is None or revives(word, self._block(region) is DOWN):
            return here.withheld > 0 and not here.missing
        return word.withheld

    def __getitem__(self, region: str) -> Verdict:
        """The verdict with its words. Takes a look at every service the first time."""
        if region not in self._known:
            if region not in self._app.regions:
                raise KeyError(region)
            self._known[region] = self._verdict(region)
        return self._known[region]

    def _verdict(self, region: str) -> Verdict:
        found, veto = _derived(self._app, region, self._services), self._vetoes.get(region)
        if veto is not None and not found.withheld and (found.down or self._is_optional()):
            found = veto  # no service says it better
        return _worded(self._app, region, found, self._overlay)

    def _block(self, region: str) -> State:
        """A block's state in a region, with no word about it."""
        vetoed = region in self._vetoes and self._is_optional()
        return DOWN if vetoed else self.standings[region].state

    def _is_optional(self) -> bool:
        """Whether no service counts, so that only the region itself can take the block out."""
        app = self._app
        return app.topology is Topology.REPLICATED and len(app.optional) == len(app.services)

    def __iter__(self) -> Iterator[str]:
        """The regions that serve anything of the app, in the order they first appear."""
        return iter(self._app.regions)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._app.regions)

    def __repr__(self) -> str:
        """As a dictionary's."""
        return repr(dict(self))


def revives(word: Verdict, taken_out: bool) -> bool:
    """Whether a word would bring up what narrower ones, or verdicts, have taken out."""
    return taken_out and word.state is UP


def region_verdicts(
    app: App, services: Services, overlay: Overlay, vetoes: Mapping[str, Verdict]
) -> RegionVerdicts:
    """Those of an app whose services stand like this."""
    if app.topology is Topology.SPREAD:
        return RegionVerdicts(app, services, overlay, {}, vetoes)
    counted = [service for service in app.services if not service.optional]
    standings = {region: _standing(region, counted, services) for region in app.regions}
    return RegionVerdicts(app, services, overlay, standings, vetoes)


def _standing(region: str, counted: list[Service], services: Services) -> Standing:
    missing = [service.key for service in counted if region not in service.endpoints]
    here = [
        services[service.key][region].verdict for service in counted if region in service.endpoints
    ]
    return Standing(
        missing[0] if missing else "",
        sum(verdict.down for verdict in here),
        sum(verdict.state is UNKNOWN for verdict in here),
        sum(verdict.withheld for verdict in here),
    )


# --- the words --------------------------------------------------------------------------


def _worded(app: App, region: str, found: Verdict, overlay: Overlay) -> Verdict:
    """The verdict found for a region, or the word that stands in its place."""
    word = overlay.regions.get(region)
    if word is None or revives(word, found.down):
        return found
    # a spread service with a word of its own may stand against that of its region
    alone = app.topology is Topology.SPREAD and found.state is not word.state
    return found if alone else word


def _derived(app: App, region: str, services: Services) -> Verdict:
    """The app's verdict for a region.

    replicated: down while any service of the block that counts is missing or down there.
    spread: services stand for themselves, so down only once none of them is left.
    """
    here = [
        (service, services[service.key][region].verdict)
        for service in app.services
        if region in service.endpoints
    ]
    if app.topology is Topology.SPREAD:
        return _any_of(here)
    missing = [
        service.key
        for service in app.services
        if not service.optional and region not in service.endpoints
    ]
    if missing:
        return Verdict(DOWN, f"{missing[0]} is not deployed here", 0.0)
    return _all_of([(service, verdict) for service, verdict in here if not service.optional])


def _all_of(verdicts: list[tuple[Service, Verdict]]) -> Verdict:
    down = [(service, verdict) for service, verdict in verdicts if verdict.down]
    if down:
        service, verdict = min(down, key=lambda pair: (not pair[1].withheld, pair[1].since))
        more = f" (and {len(down) - 1} more of the block)" if len(down) > 1 else ""
        reason = f"{service.key}: {verdict.reason}{more}"
        reported = all(each.reported for _, each in down)
        return Verdict(DOWN, reason, verdict.since, verdict.act, reported=reported)
    since = max((verdict.since for _, verdict in verdicts), default=0.0)
    if any(verdict.state is UNKNOWN for _, verdict in verdicts):
        return Verdict(UNKNOWN, "nothing recent is known of some services", 0.0)
    return Verdict(UP, "every service of the block is up", since)


def _any_of(verdicts: list[tuple[Service, Verdict]]) -> Verdict:
    left = [(service, verdict) for service, verdict in verdicts if not verdict.down]
    if not left:
        service, verdict = max(verdicts, key=lambda pair: pair[1].since)
        act = verdict.act if all(each.withheld for _, each in verdicts) else None
        reason = f"no service is up; {service.key}: {verdict.reason}"
        reported = act is None and any(each.reported for _, each in verdicts)
        return Verdict(DOWN, reason, verdict.since, act, reported=reported)
    if all(verdict.state is UNKNOWN for _, verdict in left):
        return Verdict(UNKNOWN, "nothing recent is known of any service", 0.0)
    since = min(verdict.since for _, verdict in left if verdict.state is UP)
    return Verdict(UP, f"{len(left)} of {len(verdicts)} services up", since)
