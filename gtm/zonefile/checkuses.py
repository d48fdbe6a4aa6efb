"""Checks by name, and checks put together: what every `check:` and `checks:` of a file comes to.

Named checks may name others, in any order and from shared files; a circle of names is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gtm.checks import AnyCheck, Combine, Combined, leaves
from gtm.zonefile.checks import bare, checked, is_whole, refuse_misplaced
from gtm.zonefile.checkshape import CheckShape, Used
from gtm.zonefile.checkvalues import NEVER_ALONE, CheckType
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot, listed, nearest, shown
from gtm.zonefile.probekinds import COMBINED

# Single checks in all of a combined one: each is a probe of every endpoint.
MOST_CHECKS = 32

# What a type needs beside its name, for those that can't be used bare.
_NEEDS: Mapping[str, str] = {
    "tcp": "a port; write `{type: tcp, port: 443}`",
    "grpc": "a port; write `{type: grpc, port: 50051}`",
    "dns": "a name to ask for; write `{type: dns, name: www.example.com}`",
    "exec": "a program; write `{type: exec, command: [/usr/local/bin/check]}`",
    "file": "a file; write `{type: file, path: /run/gtm/states}`",
    "all": "checks; write `[first, second]`",
    "any": "checks; write `{type: any, checks: [first, second]}`",
    "quorum": "checks; write `{type: quorum, needed: 2, checks: [first, second, third]}`",
}


@dataclass(slots=True)
class CheckReader:
    """Reads the checks of one file. `known` are those read already, by name; it grows.

    `spots` holds every name written, also of checks that could not be read; `complete` is False
    where there may be more. `shapes` are the named checks of the file itself.
    """

    document: Document
    findings: Findings
    known: dict[str, AnyCheck]
    spots: Mapping[str, Spot]
    complete: bool
    shapes: Mapping[str, CheckShape] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)

    def define(self) -> None:
        """Read all named checks of the file."""
        for name in self.shapes:
            self._named(name, ())

    def use(self, name: str, used: Used | None, path: KeyPath) -> AnyCheck | None:
        """What a `check:` at the path means; None where there is none, or with mistakes noted.

        `name` is for a check that is written there.
        """
        if used is None:
            return None
        if isinstance(used, list):
            return self._together(name, Combine.ALL, used, None, path, ())
        return self._one(name, used, path, ())

    # --- names ------------------------------------------------------------------------

    def _named(self, name: str, trail: tuple[str, ...]) -> AnyCheck | None:
        if name in self.known or name not in self.shapes:
            return self.known.get(name)
        if name in trail:
            circle = [*trail[trail.index(name) :], name]
            self.findings.wrong(
                self.document.key(("checks", name)),
                f"the checks name each other in a circle: {' > '.join(circle)}",
                "take one of them out of the other",
            )
            return None
        if name in self._tried:
            return None
        made = self._written(name, self.shapes[name], ("checks", name), (*trail, name))
        self._tried.add(name)
        if made is not None:
            self.known[name] = made
        return made

    def _one(
        self, name: str, used: str | CheckShape, path: KeyPath, trail: tuple[str, ...]
    ) -> AnyCheck | None:
        if isinstance(used, CheckShape):
            return self._written(name, used, path, trail)
        if used in self.spots:
            return self._named(used, trail)
        found = bare(used)
        if found is None:
            self._unknown(used, path)
        return found

    def _unknown(self, used: str, path: KeyPath) -> None:
        if used == "passive":
            problem, remedy = NEVER_ALONE
        elif used in _NEEDS:
            needs, _, remedy = _NEEDS[used].partition("; ")
            article = "an" if used[0] in "ae" else "a"
            problem = f"{article} {used} check needs {needs}"
        elif not self.complete:
            return
        else:
            known = [*self.spots, "http", "https", "icmp"]
            hint = nearest(used, known)
            problem = f"there is no check {shown(used)}"
            any_known = f"define it under `checks`, or write one of: {listed(known)}"
            remedy = f"write {hint}" if hint else any_known
        self.findings.wrong(self.document.at(path), problem, remedy)

    # --- what is written out ----------------------------------------------------------

    def _written(
        self, name: str, shape: CheckShape, path: KeyPath, trail: tuple[str, ...]
    ) -> AnyCheck | None:
        if shape.type not in COMBINED:
            return checked(name, shape, self.document, path, self.findings)
        before = len(self.findings.mistakes)
        refuse_misplaced(shape, self.document, path, self.findings)
        whole = is_whole(shape, self.document, path)
        if shape.checks is None and whole:
            problem = f"it does not say which checks `{shape.type.value}` is of"
            self.findings.wrong(self.document.key(path), problem, "write `checks: [first, second]`")
        if len(self.findings.mistakes) > before or shape.checks is None:
            return None
        kind, inside = Combine(shape.type.value), (*path, "checks")
        needed = shape.needed if shape.type is CheckType.QUORUM else None
        if needed is None and kind is Combine.QUORUM:
            if whole:
                problem = "it does not say how many checks must be up"
                self.findings.wrong(self.document.key(path), problem, "write `needed:`")
            return None
        return self._together(name, kind, shape.checks, needed, inside, trail)

    def _together(
        self,
        name: str,
        kind: Combine,
        items: list[str | CheckShape],
        needed: int | None,
        path: KeyPath,
        trail: tuple[str, ...],
    ) -> Combined | None:
        before = len(self.findings.mistakes)
        parts = [
            self._one(_called(item), item, (*path, number), trail)
            for number, item in enumerate(items)
        ]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts) or len(self.findings.mistakes) > before:
            return None
        if needed is None:
            needed = 1 if kind is Combine.ANY else len(found)
        if (fault := _fault(found, needed)) is not None:
            self.findings.wrong(self.document.at(path), *fault)
            return None
        return Combined(name, kind, tuple(found), needed)


def _called(item: str | CheckShape) -> str:
    """What a part is called in reasons: its name, or what it is."""
    if isinstance(item, str):
        return item
    return item.type.value if item.port is None else f"{item.type.value} {item.port}"


def _fault(found: list[AnyCheck], needed: int) -> tuple[str, str] | None:
    """What is wrong with checks put together: problem and remedy."""
    if not found:
        return "there is no check in the list", "write `[first, second]`"
    twice = next((one for number, one in enumerate(found) if one in found[:number]), None)
    if twice is not None:
        return f"`{twice.name}` is written twice", "keep one of them"
    if needed > len(found):
        remedy = f"write at most `needed: {len(found)}`"
        return f"{needed} of {len(found)} checks can never be up", remedy
    count = sum(len(leaves(one)) for one in found)
    if count > MOST_CHECKS:
        problem = f"{count} checks are put together: each is a probe of every endpoint"
        return problem, f"put at most {MOST_CHECKS} together"
    return None
