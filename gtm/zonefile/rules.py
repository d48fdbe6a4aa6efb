"""What the rules of `geo` match, and which of them never get to a client."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from gtm.model import EVERYONE, AsNumber, Clients, Everyone, GeoCode, Match, Network
from gtm.zonefile import values
from gtm.zonefile.clients import clients_of, is_as_number
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, shown

# Spots named in one message.
_MOST_SPOTS = 3

_FOR_EVERYONE = "write geo codes or networks, or remove the key: the rule is for everyone then"
_NETWORK = re.compile(r".*[./:]")
_Prefix = tuple[int, int, int]  # IP version, length, leading bits


def match_of(written: object) -> Match:
    """A geo code, a network, an AS number, or `*` for everyone. Raises Wrong."""
    if written is None:
        raise Wrong("the match is empty", _FOR_EVERYONE)
    if not isinstance(written, str):
        number = type(written) is int and 0 < written < 2**32 - 1
        remedy = f"write `AS{written}` for an AS, or" if number else "write"
        raise Wrong(f"{shown(written)} matches no client", f"{remedy} a geo code or a network")
    if written == EVERYONE.value:
        return EVERYONE
    if _NETWORK.match(written) or is_as_number(written):
        return clients_of(written)
    return values.geo_code(written)


def matches(
    written: object, document: Document, path: KeyPath, findings: Findings
) -> tuple[Match | None, ...]:
    """The words at a path, None for each that can't be used, with its mistake noted."""
    items = written if isinstance(written, list) else [written]
    found: list[Match | None] = []
    if not items:
        findings.wrong(document.at(path), "the match is empty", _FOR_EVERYONE)
    for position, one in enumerate(items):
        spot = document.at((*path, position))
        try:
            match = match_of(one)
        except Wrong as wrong:
            findings.wrong(spot, wrong.problem, wrong.remedy)
            found.append(None)
            continue
        if match in found:
            findings.wrong(spot, f"{shown(one)} is written twice", "keep one of them")
        found.append(match)
    if EVERYONE in found and len(found) > 1:
        spot = document.at((*path, found.index(EVERYONE)))
        findings.wrong(spot, "`*` takes everyone, so the others say nothing", "write it alone")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Reaching:
    """The clients that get as far as some rules: those of the rules around them.

    `outer` are the matches around, from the outermost on; `earlier` those of rules that stand
    before one of these, and take clients away. None stands for what can't be read.
    """

    outer: tuple[tuple[Match | None, ...], ...] = ()
    earlier: tuple[tuple[Match, Spot], ...] = ()

    def into(
        self,
        match: tuple[Match | None, ...],
        before: Sequence[tuple[Match | None, ...]],
        spot_of: Callable[[int], Spot],
    ) -> Reaching:
        """The clients inside a rule with that match, behind those before it, at their spots."""
        words = tuple(
            (word, spot_of(number))
            for number, rule in enumerate(before)
            for word in rule
            if isinstance(word, Clients | GeoCode)  # behind `*` the outer rule is the mistake
        )
        return Reaching((*self.outer, match), (*self.earlier, *words))

    def any_of(self, match: Match) -> bool:
        """Whether some clients of the match may get here."""
        return all(
            any(word is None or _may_meet(word, match) for word in words) for words in self.outer
        )


ANYBODY = Reaching()


def _may_meet(one: Match, other: Match) -> bool:
    """Whether a client may be in both. A place and a network may always share one."""
    if isinstance(one, GeoCode) and isinstance(other, GeoCode):
        pairs = zip(_levels(one), _levels(other), strict=True)
        return all(a is None or b is None or a == b for a, b in pairs)
    if isinstance(one, AsNumber) and isinstance(other, AsNumber):
        return one == other
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    if isinstance(one, IPv6Network) and isinstance(other, IPv6Network):
        return one.overlaps(other)
    versions = {type(each) for each in (one, other)}
    return versions != {IPv4Network, IPv6Network}


def _levels(code: GeoCode) -> tuple[str | None, ...]:
    return code.continent, code.country, code.subdivision


def judge(
    rules: Sequence[tuple[Match | None, ...]],
    document: Document,
    path: KeyPath,
    findings: Findings,
    reaching: Reaching = ANYBODY,
) -> None:
    """Note rules that can never match, and clients that none does; `path` is that of `rules`.

    `reaching` are the clients that get to these rules.
    """
    taken = _Taken()
    for word, spot in reaching.earlier:
        taken.add(word, spot)
    for number, rule in enumerate(rules):
        spot = document.at((*path, number))
        if rule and not any(word is None or reaching.any_of(word) for word in rule):
            findings.wrong(
                spot,
                "the rule can never match: none of its clients get into the rule around it",
                "write a match within that of the rule around it, or remove it",
            )
            continue
        before = [() if match is None else taken.all_of(match) for match in rule]
        if before and all(before):
            spots = dict.fromkeys(spot for spots in before for spot in spots)
            findings.wrong(spot, *_never("the rule", list(spots), "its clients"))
        else:
            _warn_of_words(before, document, (*path, number), findings)
        for match in rule:
            taken.add(match, spot)
        around = reaching.outer[-1] if reaching.outer else ()
        by = [taken.all_of(word) if word is not None else () for word in around]
        if by and all(by):  # all that get here are taken
            taken.everyone = taken.everyone or tuple(
                dict.fromkeys(one for each in by for one in each)
            )
    last = rules[-1] if rules else ()
    if last and None not in last and not taken.everyone:
        findings.wrong(
            document.at((*path, len(rules) - 1)),
            "clients that no rule matches would have no region",
            "add `- regions: [...]` without `match` at the end",
        )


def _warn_of_words(
    before: list[tuple[Spot, ...]], document: Document, path: KeyPath, findings: Findings
) -> None:
    for position, spots in enumerate(before):
        if spots:
            place = (*path, "match", position)
            word = str(document.value_at(place))
            findings.warn(document.at(place), *_never(word, list(spots), word))


def _never(what: str, spots: list[Spot], clients: str) -> tuple[str, str]:
    rules = " and ".join(map(str, spots[:_MOST_SPOTS]))
    takes = f"rule at {rules} takes" if len(spots) == 1 else f"rules at {rules} take"
    return (
        f"{what} can never match: the {takes} all of {clients} before it",
        "write it before that, or remove it",
    )


@dataclass(slots=True)
class _Taken:
    """What the rules so far take, each with the rules that take it."""

    codes: dict[GeoCode, Spot] = field(default_factory=dict)
    systems: dict[AsNumber, Spot] = field(default_factory=dict)
    networks: dict[_Prefix, tuple[Spot, ...]] = field(default_factory=dict)
    everyone: tuple[Spot, ...] = ()

    def add(self, match: Match | None, spot: Spot) -> None:
        """Note that the rule at the spot takes these clients."""
        if isinstance(match, Everyone):
            self.everyone = self.everyone or (spot,)
        elif isinstance(match, GeoCode):
            self.codes.setdefault(match, spot)
        elif isinstance(match, AsNumber):
            self.systems.setdefault(match, spot)
        elif match is not None and not self._around(_prefix(match)):
            self._add_network(_prefix(match), (spot,))

    def all_of(self, match: Match) -> tuple[Spot, ...]:
        """The rules that take all of these clients together; none if some are left."""
        if self.everyone or isinstance(match, Everyone):
            return self.everyone
        if isinstance(match, GeoCode):
            wider = (
                GeoCode(match.continent),
                GeoCode(match.continent, match.country),
                match,
            )
            return next(((self.codes[code],) for code in wider if code in self.codes), ())
        if isinstance(match, AsNumber):
            return (self.systems[match],) if match in self.systems else ()
        return self._around(_prefix(match))

    def _around(self, prefix: _Prefix) -> tuple[Spot, ...]:
        version, length, bits = prefix
        wider = ((version, length - cut, bits >> cut) for cut in range(length + 1))
        return next((self.networks[each] for each in wider if each in self.networks), ())

    def _add_network(self, prefix: _Prefix, spots: tuple[Spot, ...]) -> None:
        """Two halves that are taken make a whole that is."""
        self.networks[prefix] = spots
        version, length, bits = prefix
        other = self.networks.get((version, length, bits ^ 1)) if length else None
        if other:
            both = tuple(dict.fromkeys((*other, *spots)))[: _MOST_SPOTS + 1]
            self._add_network((version, length - 1, bits >> 1), both)


def _prefix(network: Network) -> _Prefix:
    length = network.prefixlen
    bits = int(network.network_address) >> (network.max_prefixlen - length)
    return network.version, length, bits
