"""From a check as written to a Check: defaults, and keys that must fit together."""

from __future__ import annotations

from gtm.checks import Check, Damping, Judgement, LoadField, Schedule, Unknown
from gtm.usable import misfit
from gtm.zonefile.checkshape import CheckShape, DampingShape, LoadFieldShape
from gtm.zonefile.checkvalues import CheckType
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong, article
from gtm.zonefile.passive import passive
from gtm.zonefile.probekinds import DEFAULT_PORTS, misplaced, probe_of

# Below 100 ms probes are a load of their own; beyond an hour a verdict says nothing any more.
MIN_INTERVAL = 0.1
MAX_INTERVAL = 3600.0

# Less than 10 ms is below the round trip to most regions.
MIN_TIMEOUT = 0.01
DEFAULT_TIMEOUT = 3.0

# Longer than a day nothing is held down for having changed too often.
MAX_HOLD = 86400.0

_WITH_PORT = (CheckType.TCP, CheckType.GRPC)


def bare(word: str) -> Check | None:
    """The check that a type alone stands for; None for any other word, or one that needs more."""
    if word not in (CheckType.HTTP.value, CheckType.HTTPS.value, CheckType.ICMP.value):
        return None
    shape = CheckShape.model_validate({"type": word})
    return Check(word, probe_of(shape), DEFAULT_PORTS.get(shape.type))


def checked(
    name: str, shape: CheckShape, document: Document, path: KeyPath, findings: Findings
) -> Check | None:
    """The check at `path`; None, with every mistake noted, when its keys do not fit together."""
    before = len(findings.mistakes)
    refuse_misplaced(shape, document, path, findings)
    _judge_times(shape, document, path, findings)
    _judge_load(shape.load, document, (*path, "load"), findings)
    reports = passive(shape.passive, document, (*path, "passive"), findings)
    port = shape.port or DEFAULT_PORTS.get(shape.type)
    if shape.type in _WITH_PORT and port is None and is_whole(shape, document, path):
        findings.wrong(
            document.key(path),
            f"a {shape.type.value} check needs a port",
            "write `port:`, such as `port: 443`",
        )
    if len(findings.mistakes) > before:
        return None
    try:
        probe = probe_of(shape)
    except Wrong as wrong:
        if is_whole(shape, document, path):
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
        return None
    check = Check(
        name,
        probe,
        port,
        shape.address,
        shape.source,
        shape.family,
        _schedule(shape),
        _judgement(shape),
        _load(shape.load),
        reports,
    )
    return check if _is_possible(check, shape, document, path, findings) else None


def _is_possible(
    check: Check, shape: CheckShape, document: Document, path: KeyPath, findings: Findings
) -> bool:
    fault = misfit(check)
    if fault is not None and is_whole(shape, document, path):
        problem, _, remedy = fault.partition("; ")
        remedy = remedy or "write one that can be made, or remove the key"
        findings.wrong(document.key(path), f"the check can't be made: {problem}", remedy)
    return fault is None


def is_whole(shape: CheckShape, document: Document, path: KeyPath) -> bool:
    """Whether all that is written could be read: else what seems to be missing may be there."""
    written = document.value_at(path)
    return isinstance(written, dict) and len(written) == len(shape.model_fields_set)


def refuse_misplaced(
    shape: CheckShape, document: Document, path: KeyPath, findings: Findings
) -> None:
    """Note every key that says nothing for the check's type, if that could be read."""
    written = document.value_at(path)
    if isinstance(written, dict) and written.get("type", shape.type.value) != shape.type.value:
        return  # a type that there is not: another one stands in for it
    for key, meant_for in misplaced(shape):
        problem = f"`{key}` says nothing for {article(shape.type.value)} check"
        findings.wrong(document.key((*path, key)), problem, f"remove it; it is for {meant_for}")
    if shape.connect_timeout is not None and shape.type is CheckType.DNS and not shape.tcp:
        spot = document.key((*path, "connect_timeout"))
        findings.wrong(spot, "there is no connection over UDP", "remove it, or write `tcp: true`")


def _schedule(shape: CheckShape) -> Schedule:
    return Schedule(shape.interval, _timeout(shape), shape.connect_timeout, shape.fast_interval)


def _judgement(shape: CheckShape) -> Judgement:
    return Judgement(
        shape.rise,
        shape.fall,
        shape.ok,
        shape.max_latency,
        _damping(shape.damping),
        shape.unknown or Unknown.KEEP,
        shape.stale_after,
    )


def _damping(shape: DampingShape | None) -> Damping | None:
    if shape is None:
        return None
    return Damping(shape.changes, shape.within, shape.hold, shape.most)


def _load(shape: LoadFieldShape | None) -> LoadField | None:
    return None if shape is None else LoadField(shape.header, shape.pointer)


def _timeout(shape: CheckShape) -> float:
    return min(DEFAULT_TIMEOUT, shape.interval) if shape.timeout is None else shape.timeout


# --- keys that must fit together ----------------------------------------------------------


def _judge_load(
    shape: LoadFieldShape | None, document: Document, path: KeyPath, findings: Findings
) -> None:
    written = document.value_at(path)
    if shape is None or not isinstance(written, dict):
        return
    if not written:
        problem, remedy = "it does not say where the load stands", "write `pointer: /load`"
    elif {"header", "pointer"} <= written.keys():
        problem, remedy = "the load stands in one place", "keep `header` or `pointer`"
    else:
        return
    findings.wrong(document.at(path), problem, remedy)


def _judge_times(shape: CheckShape, document: Document, path: KeyPath, findings: Findings) -> None:
    interval, timeout = shape.interval, _timeout(shape)
    if not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        findings.wrong(
            document.at((*path, "interval")),
            f"an interval of {interval:g} s is out of bounds",
            "write one from `100ms` to `1h`",
        )
        return
    if timeout < MIN_TIMEOUT:
        findings.wrong(
            document.at((*path, "timeout")),
            f"a timeout of {timeout:g} s is too short for a round trip",
            "write `10ms` or more",
        )
        return
    if timeout > interval and {"timeout", "interval"} & shape.model_fields_set:
        findings.wrong(
            document.at((*path, "timeout")),
            f"the timeout ({timeout:g} s) is longer than the interval ({interval:g} s): "
            "a probe has to end before the next begins",
            f"write a timeout of at most `{interval:g}s`",
        )
        return
    for key, low, high in (
        ("fast_interval", MIN_INTERVAL, interval),
        ("connect_timeout", MIN_TIMEOUT, timeout),
        ("max_latency", 0.001, timeout),
        ("stale_after", interval, float("inf")),
    ):
        _bound(getattr(shape, key), key, low, high, document, path, findings)
    _judge_damping(shape.damping, document, (*path, "damping"), findings)


def _bound(
    value: float | None,
    key: str,
    low: float,
    high: float,
    document: Document,
    path: KeyPath,
    findings: Findings,
) -> None:
    if value is None or low <= value <= high:
        return
    limit = f"`{low:g}s` or more" if high == float("inf") else f"one from `{low:g}s` to `{high:g}s`"
    spot = document.at((*path, key))
    findings.wrong(spot, f"{key} of {value:g} s is out of bounds", f"write {limit}")


def _judge_damping(
    shape: DampingShape | None, document: Document, path: KeyPath, findings: Findings
) -> None:
    if shape is None:
        return
    _bound(shape.within, "within", 1.0, MAX_HOLD, document, path, findings)
    _bound(shape.most, "most", 1.0, MAX_HOLD, document, path, findings)
    _bound(shape.hold, "hold", 1.0, shape.most, document, path, findings)
