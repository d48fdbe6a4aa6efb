"""Which targets one probe serves: those that differ only in what no probe goes by. Pure."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import replace

from gtm.checks import Target


def together(
    targets: Collection[Target], probed: Container[Target]
) -> Mapping[Target, tuple[Target, ...]]:
    """The targets by the one of them that is probed, which comes first.

    Where one of several is `probed` already, it goes on being the one.
    """
    alike: dict[Target, list[Target]] = {}
    for target in targets:
        alike.setdefault(_asked(target), []).append(target)
    return dict(_led(every, probed) for every in alike.values())


def _asked(target: Target) -> Target:
    """The target as its probes see it: what `passive` says is about reports alone."""
    if target.check.passive is None:
        return target
    return replace(target, check=replace(target.check, passive=None))


def _led(every: list[Target], probed: Container[Target]) -> tuple[Target, tuple[Target, ...]]:
    first = next((target for target in every if target in probed), every[0])
    return first, (first, *(target for target in every if target is not first))
