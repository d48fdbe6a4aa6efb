"""From what is written for one region of a service to its endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gtm.model import Address, Endpoint, MinUp
from gtm.zonefile import names, values
from gtm.zonefile.appshape import ENDPOINT_KEYS
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, Wrong, nearest, shown
from gtm.zonefile.known import KnownEndpoints

T = TypeVar("T")


@dataclass(slots=True)
class EndpointReader:
    """Reads the endpoints of services with one `min_up`; `whose` it is, for messages."""

    document: Document
    findings: Findings
    min_up: MinUp
    known: KnownEndpoints
    whose: str = "app"

    def read(self, value: object, path: KeyPath, name: str | None) -> tuple[Endpoint, ...]:
        """The endpoints at a path, for the service `name`; none when any of them is wrong."""
        written = value if isinstance(value, list) else [value]
        enough = self.min_up.value <= 1 or self.min_up.percent
        if len(written) == 1 and type(written[0]) is str and enough:
            alone = self.known.of(written[0])
            if alone is not None:
                return alone
        found: list[Endpoint] = []
        for position, one in enumerate(written):
            try:
                if isinstance(one, dict):
                    found.extend(self._detailed(one, (*path, position)))
                else:
                    found.append(Endpoint(_target(one)))
            except Wrong as error:
                spot = self.document.at((*path, position))
                self.findings.wrong(spot, error.problem, error.remedy)
        if len(found) < len(written):
            return ()
        # nearly all regions of a large zone have one endpoint with nothing to judge
        plain = len(found) == 1 and type(written[0]) is str and not found[0].is_host
        if not plain and (wrong := self._wrong_together(found, path, name)):
            self.findings.wrong(*wrong)
            return ()
        self._judge_count(len(found), path)
        if plain:
            self.known.keep(str(written[0]), tuple(found))
        return tuple(found)

    # --- one endpoint -----------------------------------------------------------------

    def _detailed(self, written: dict[str, object], path: KeyPath) -> tuple[Endpoint, ...]:
        """The endpoint of a mapping; none, with every mistake noted, if a key is wrong."""
        before = len(self.findings.mistakes)
        for key in written:
            if key not in ENDPOINT_KEYS:
                hint = nearest(key, ENDPOINT_KEYS) or " or ".join(f"`{k}`" for k in ENDPOINT_KEYS)
                spot = self.document.key((*path, key))
                self.findings.wrong(spot, f"`{key}` is not a known key", f"write {hint}")
        target = self._value(written, "address", path, _required)
        weight = self._value(written, "weight", path, values.endpoint_weight)
        backup = self._value(written, "backup", path, values.true_or_false)
        if isinstance(target, str):
            self._alone(written, path)
        if target is None or len(self.findings.mistakes) > before:
            return ()
        return (Endpoint(target, 1 if weight is None else weight, bool(backup)),)

    def _value(
        self, written: dict[str, object], key: str, path: KeyPath, parse: Callable[[object], T]
    ) -> T | None:
        if key not in written and parse is not _required:
            return None
        try:
            return parse(written.get(key))
        except Wrong as wrong:
            self.findings.wrong(self.document.at((*path, key)), wrong.problem, wrong.remedy)
            return None

    def _alone(self, written: dict[str, object], path: KeyPath) -> None:
        for key in ("weight", "backup"):
            if key in written:
                self.findings.wrong(
                    self.document.key((*path, key)),
                    f"`{key}` says nothing for a host name: a CNAME stands alone",
                    "remove it, or write addresses",
                )

    # --- those of one region together -------------------------------------------------

    def _wrong_together(
        self, found: list[Endpoint], path: KeyPath, name: str | None
    ) -> tuple[Spot, str, str] | None:
        """Why endpoints can't stand together in one region: place, problem and remedy."""
        spot = self.document.at(path)
        hosts = [one for one in found if one.is_host]
        if not found:
            return spot, "the region has no endpoints", "write `[address]`, or remove the region"
        if twice := _written_twice(found):
            at = self.document.at((*path, twice))
            return at, f"{found[twice]} is written twice", "keep one of them"
        if hosts and len(hosts) < len(found):
            return (
                spot,
                "addresses and host names are mixed in one region",
                "write either; a host name is answered as CNAME and stands alone",
            )
        if len(hosts) > 1:
            return spot, "a region has more than one host name", "keep one: a CNAME has one target"
        if hosts and hosts[0].at == name:
            return spot, "the service is its own endpoint", "write the host name that serves it"
        return _wrong_shares(spot, [one for one in found if not one.backup])

    def _judge_count(self, count: int, path: KeyPath) -> None:
        if self.min_up.percent or count >= self.min_up.value:
            return
        has = f"{count} endpoint{'s' if count > 1 else ''}"
        self.findings.wrong(
            self.document.at(path),
            f"the region has {has}, but the {self.whose}'s min_up is {self.min_up}: "
            "it could never be up",
            f"write more endpoints, or `min_up: {count}` or a percentage for the {self.whose}",
        )


def weights_differ(found: tuple[Endpoint, ...]) -> bool:
    """Whether endpoints that serve at the same time have different weights."""
    return len({(one.backup, one.weight) for one in found}) > len({one.backup for one in found})


def _wrong_shares(spot: Spot, first: list[Endpoint]) -> tuple[Spot, str, str] | None:
    if not first:
        return (
            spot,
            "every endpoint of the region is a backup",
            "remove `backup: true` from those that serve first",
        )
    if not any(one.weight for one in first):
        words = "every endpoint of the region has the weight 0 or is a backup"
        return spot, words, "write a weight above 0 for one that is no backup"
    return None


def _written_twice(found: list[Endpoint]) -> int:
    """The position of the first that is written before it too; 0 if none is."""
    seen: set[Address | str] = set()
    for position, one in enumerate(found):
        if one.at in seen:
            return position
        seen.add(one.at)
    return 0


def _target(written: object) -> Address | str:
    """An address or a host name. Raises Wrong."""
    if type(written) is str:
        return _host_or_address(written)
    if isinstance(written, list):
        raise Wrong("a list stands inside a list", "remove the inner brackets")
    raise Wrong(
        f"{shown(written)} is neither an address nor a host name",
        "write one such as `192.0.2.10`, or `images.cdn.example.net.`",
    )


def _host_or_address(text: str) -> Address | str:
    """A name whose last label is a number is meant as an address (RFC 3986 section 3.2.2)."""
    bare = text.rstrip(".") if text.endswith(".") else text
    if ":" not in text and not bare[bare.rfind(".") + 1 :].isdigit():
        return names.host_name(text)
    return values.unicast(text)


def _required(written: object) -> Address | str:
    if not isinstance(written, str):
        raise Wrong("an endpoint has no address", "write `{address: 192.0.2.10}`")
    return _host_or_address(written)
