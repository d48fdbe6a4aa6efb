"""What is probed for one thing, an endpoint or a region: a target, or several put together. Pure.

A check that puts others together makes a tree of targets. Its verdict is derived from theirs and
says in words which of them decided it; the targets are probed like all others, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gtm.checks import AnyCheck, Check, Combine, Combined, Exec, Grpc, Http, Target, Tcp
from gtm.model import State, Verdict

Look = Callable[[Target], Verdict]


@dataclass(frozen=True, slots=True)
class Tree:
    """Several things watched as one, in the order of the check's parts."""

    check: Combined
    parts: tuple[Watched, ...]


Watched = Target | Tree


def watched(check: AnyCheck, address: str, own: str | None) -> Watched:
    """What a check asks of an address; `own` is the name of what is served there.

    A check with an address of its own asks that.
    """
    if isinstance(check, Combined):
        return Tree(check, tuple([watched(part, address, own) for part in check.checks]))
    return Target(check, check.address or address, _asked_by(check, own))


def gateway(check: AnyCheck) -> Watched:
    """What a region's own check asks: all parts have an address."""
    return watched(check, "", None)


def targets_in(found: Watched | None) -> tuple[Target, ...]:
    """All targets of it."""
    if found is None:
        return ()
    return (found,) if isinstance(found, Target) else tuple(_leaves(found))


def measured(found: Watched | None) -> Target | None:
    """The target whose speed stands for the whole: the first that asks HTTP of it, or the first.

    One with an address of its own says nothing of it.
    """
    if found is None or isinstance(found, Target):
        return found
    every = tuple(_leaves(found))
    its_own = [target for target in every if target.check.address is None] or every
    return next((one for one in its_own if isinstance(one.check.probe, Http)), its_own[0])


def believed(found: Watched, look: Look) -> Verdict:
    """The verdict of the whole, with the part that decided it in the reason."""
    if isinstance(found, Target):
        return look(found)
    verdicts = [believed(part, look) for part in found.parts]
    return _combined(found.check, verdicts)


@dataclass(frozen=True, slots=True)
class Part:
    """One check of a combined one: `depth` 1 is directly in it. `target` is None for a tree."""

    name: str
    depth: int
    verdict: Verdict
    target: Target | None


def parts_of(found: Watched | None, look: Look, depth: int = 1) -> Iterator[Part]:
    """The verdicts that a combined one was derived from, top down; none for a single target."""
    if not isinstance(found, Tree):
        return
    for part in found.parts:
        target = part if isinstance(part, Target) else None
        yield Part(part.check.name, depth, believed(part, look), target)
        yield from parts_of(part, look, depth + 1)


def _leaves(found: Tree) -> Iterator[Target]:
    for part in found.parts:
        if isinstance(part, Target):
            yield part
        else:
            yield from _leaves(part)


def _asked_by(check: Check, own: str | None) -> str | None:
    """The name that goes with a probe; None where it makes no difference to what is asked."""
    probe = check.probe
    if isinstance(probe, Http):
        return probe.host or own
    if isinstance(probe, Tcp):
        return own if probe.tls is not None and probe.tls.server_name is None else None
    return own if isinstance(probe, Grpc | Exec) else None


# --- several verdicts as one --------------------------------------------------------------


def _combined(check: Combined, verdicts: list[Verdict]) -> Verdict:
    """Up while enough are; unknown while only ignorance makes them enough."""
    total, needed = len(verdicts), check.needed
    up = sorted(each.since for each in verdicts if each.state is State.UP)
    down = sorted(each.since for each in verdicts if each.down)
    named = list(zip((part.name for part in check.checks), verdicts, strict=True))
    if total - len(down) < needed:
        lost = [(name, verdict) for name, verdict in named if verdict.down]
        probed = sum(each.down and not each.reported for each in verdicts)
        reported = total - probed >= needed  # the probes alone would have left enough
        # it went down with the part whose loss left too few
        since, reason = down[total - needed], _reason(check, len(up), lost)
        return Verdict(State.DOWN, reason, since, reported=reported)
    others = [(name, verdict) for name, verdict in named if verdict.state is not State.UP]
    if len(up) >= needed:
        return Verdict(State.UP, _reason(check, len(up), others), up[needed - 1])
    unsure = [(name, verdict) for name, verdict in others if not verdict.down]
    return Verdict(State.UNKNOWN, _reason(check, len(up), unsure), 0.0)


def _reason(check: Combined, up: int, parts: list[tuple[str, Verdict]]) -> str:
    """`all: mysql: connection refused`, `1 of 3 up, 2 needed: db2: ...`; parts are what is said."""
    total = len(check.checks)
    if not parts:
        return f"{up} of {total} checks up"
    first, verdict = max(parts, key=lambda pair: pair[1].down)
    more = f" (and {len(parts) - 1} more)" if len(parts) > 1 else ""
    said = f"{first}: {verdict.reason}{more}"
    if check.kind is Combine.ALL:
        return f"all: {said}"
    needed = f", {check.needed} needed" if check.kind is Combine.QUORUM else ""
    return f"{up} of {total} up{needed}: {said}"
