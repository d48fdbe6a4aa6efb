"""Checks in the long form of zone files: every key that says something, defaults written out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gtm.checks import (
    AnyCheck,
    Check,
    Combine,
    Combined,
    Contains,
    Damping,
    Dns,
    Exec,
    File,
    Grpc,
    Http,
    Icmp,
    Matches,
    Passive,
    Points,
    StatusRange,
    Tcp,
    Tls,
    kind,
)
from gtm.zonefile.values import fraction

Named = dict[str, AnyCheck]


def named_checks(uses: Iterable[AnyCheck | None]) -> Named:
    """The checks that can be written once: of two with one name, the second stays where it is."""
    found: Named = {}
    for use in uses:
        if use is not None:
            _collect(use, found)
    return found


def _collect(check: AnyCheck, found: Named) -> None:
    if isinstance(check, Combined):
        for part in check.checks:
            _collect(part, found)
    if " " not in check.name:  # a part without a name of its own is called `tcp 3306`
        found.setdefault(check.name, check)


def check_use(check: AnyCheck, named: Named) -> str | dict[str, Any]:
    """A check's name, or all of it where that name means another."""
    return check.name if named.get(check.name) == check else check_tree(check, named)


def check_tree(check: AnyCheck, named: Named) -> dict[str, Any]:
    """All of a check."""
    if isinstance(check, Combined):
        tree: dict[str, Any] = {"type": check.kind.value}
        if check.kind is Combine.QUORUM:
            tree["needed"] = check.needed
        tree["checks"] = [check_use(part, named) for part in check.checks]
        return tree
    return _without_nothing(
        {
            "type": kind(check.probe),
            "port": check.port,
            "address": check.address,
            "source": None if check.source is None else str(check.source),
            "family": check.family,
            **_times(check),
            **_judged(check),
            "passive": None if check.passive is None else _passive(check.passive),
            **_asked(check),
            "load": None if check.load is None else _load(check),
        }
    )


def _times(check: Check) -> dict[str, Any]:
    times = check.schedule
    return {
        "interval": duration(times.interval),
        "fast_interval": _maybe(times.fast_interval),
        "timeout": duration(times.timeout),
        "connect_timeout": _maybe(times.connect_timeout),
    }


def _judged(check: Check) -> dict[str, Any]:
    rules = check.judgement
    return {
        "rise": rules.rise,
        "fall": rules.fall,
        "ok": rules.ok,
        "max_latency": _maybe(rules.max_latency),
        "damping": None if rules.damping is None else _damping(rules.damping),
        "unknown": rules.unknown.value,
        "stale_after": _maybe(rules.stale_after),
    }


def _asked(check: Check) -> dict[str, Any]:
    probe = check.probe
    match probe:
        case Http():
            return _http(probe)
        case Tcp(tls, send, expect):
            return {
                "send": send.decode() if send else None,
                "expect": expect.decode() if expect else None,
                "tls": _tls(tls),
            }
        case Grpc(service, tls):
            return {"service": service, "tls": _tls(tls)}
        case Dns(name, record, answers, rcode, tcp):
            return {
                "name": name,
                "record": record,
                "answers": list(answers) or None,
                "rcode": rcode,
                "tcp": tcp,
            }
        case Icmp(size):
            return {"size": size}
        case Exec(argv):
            return {"command": list(argv)}
        case File(path, max_age):
            return {"path": path, "max_age": _maybe(max_age)}


def _http(probe: Http) -> dict[str, Any]:
    expect = {
        "status": [_status(one) for one in probe.statuses],
        "body": [test.text for test in probe.body if isinstance(test, Contains)] or None,
        "match": [test.pattern for test in probe.body if isinstance(test, Matches)] or None,
        "json": _pointers(probe),
    }
    return {
        "method": probe.method,
        "path": probe.path,
        "host": probe.host,
        "headers": dict(probe.headers) or None,
        "expect": _without_nothing(expect),
        "redirects": probe.redirects,
        "keep_alive": probe.keep_alive,
        "tls": _tls(probe.tls),
    }


def _pointers(probe: Http) -> dict[str, Any] | list[str] | None:
    """With values or without: a check has one kind, as it is written as one."""
    tests = [test for test in probe.body if isinstance(test, Points)]
    if any(test.value is None for test in tests):
        return [test.pointer for test in tests]
    return {test.pointer: json.loads(test.value or "null") for test in tests} or None


def _tls(tls: Tls | None) -> dict[str, Any] | None:
    if tls is None:
        return None
    return _without_nothing(
        {
            "server_name": tls.server_name,
            "verify": tls.verify,
            "ca": tls.authorities,
            "cert": tls.certificate,
            "key": tls.key,
            "warn_before": duration(tls.warn_before),
        }
    )


def _damping(damping: Damping) -> dict[str, Any]:
    return {
        "changes": damping.changes,
        "within": duration(damping.within),
        "hold": duration(damping.hold),
        "most": duration(damping.most),
    }


def _passive(passive: Passive) -> dict[str, Any]:
    return {
        "failures": part(passive.failures),
        "minimum": passive.minimum,
        "window": duration(passive.window),
        "hold": duration(passive.hold),
        "most": part(passive.most),
        "reporters": passive.reporters,
    }


def _load(check: Check) -> dict[str, Any]:
    where = check.load
    assert where is not None  # noqa: S101  # asked for where there is one
    return _without_nothing({"header": where.header, "pointer": where.pointer})


def _status(status: StatusRange) -> int | str:
    return status.first if status.first == status.last else f"{status.first}-{status.last}"


def _without_nothing(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if value is not None}


def _maybe(seconds: float | None) -> str | float | None:
    return None if seconds is None else duration(seconds)


def duration(seconds: float) -> str | float:
    """As text where that says exactly the same, else as a number."""
    if seconds == int(seconds):
        return f"{int(seconds)}s"
    milliseconds = round(seconds * 1000)
    return f"{milliseconds}ms" if milliseconds / 1000 == seconds else seconds


def part(value: float) -> str | float:
    """As a percentage where that says exactly the same, else as a number."""
    percentage = f"{value * 100:.6f}".rstrip("0").rstrip(".") + "%"
    return percentage if fraction(percentage) == value else value
