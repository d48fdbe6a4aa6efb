"""From a check as written to the model's Check: defaults, and keys that must fit together."""

from __future__ import annotations

from gtm.checks import (
    Check,
    Contains,
    Http,
    Judgement,
    LoadField,
    Passive,
    Schedule,
    StatusRange,
    Tcp,
    Tls,
)
from gtm.zonefile.choices import CheckType
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.passive import passive
from gtm.zonefile.shape import CheckShape, LoadFieldShape

# Below 100 ms probes are a load of their own; beyond an hour a verdict says nothing any more.
MIN_INTERVAL = 0.1
MAX_INTERVAL = 3600.0

# Less than 10 ms is below the round trip to most regions.
MIN_TIMEOUT = 0.01
DEFAULT_TIMEOUT = 3.0

_DEFAULT_PORTS = {CheckType.HTTP: 80, CheckType.HTTPS: 443}
_OK = (StatusRange(200, 299),)

# Keys that say nothing for a type of check.
_ONLY_FOR_HTTP = ("path", "host", "expect", "verify", "load")
_MEANINGLESS = {
    CheckType.TCP: (_ONLY_FOR_HTTP, "http and https checks"),
    CheckType.HTTP: (("verify",), "https checks"),
    CheckType.HTTPS: ((), ""),
}


def bare(word: str) -> Check | None:
    """The check that `http` or `https` alone stand for; None for any other word."""
    for type_, port in _DEFAULT_PORTS.items():
        if word == type_.value:
            return Check(word, Http(Tls() if type_ is CheckType.HTTPS else None), port)
    return None


def checked(
    name: str, shape: CheckShape, document: Document, path: KeyPath, findings: Findings
) -> Check | None:
    """The check at `path`; None, with every mistake noted, when its keys do not fit together."""
    before = len(findings.mistakes)
    _reject_meaningless(shape, document, path, findings)
    _judge_times(shape, document, path, findings)
    _judge_load(shape.load, document, (*path, "load"), findings)
    reports = passive(shape.passive, document, (*path, "passive"), findings)
    port = shape.port or _DEFAULT_PORTS.get(shape.type)
    if port is None and document.value_at((*path, "port")) is None:
        findings.wrong(
            document.key(path), "a tcp check needs a port", "write `port:`, such as `port: 443`"
        )
    if port is None or len(findings.mistakes) > before:
        return None
    return _built(name, shape, port, reports)


def _built(name: str, shape: CheckShape, port: int, reports: Passive | None) -> Check:
    return Check(
        name,
        Tcp() if shape.type is CheckType.TCP else _http(shape),
        port,
        schedule=Schedule(shape.interval, _timeout(shape)),
        judgement=Judgement(shape.rise, shape.fall),
        load=_load(shape.load),
        passive=reports,
    )


def _http(shape: CheckShape) -> Http:
    expect = shape.expect
    body = (Contains(expect.body),) if expect and expect.body is not None else ()
    return Http(
        tls=Tls(verify=shape.verify is not False) if shape.type is CheckType.HTTPS else None,
        path=shape.path or "/",
        host=shape.host,
        statuses=(expect and expect.status) or _OK,
        body=body,
    )


def _load(shape: LoadFieldShape | None) -> LoadField | None:
    return None if shape is None else LoadField(shape.header, shape.pointer)


def _timeout(shape: CheckShape) -> float:
    return min(DEFAULT_TIMEOUT, shape.interval) if shape.timeout is None else shape.timeout


def _reject_meaningless(
    shape: CheckShape, document: Document, path: KeyPath, findings: Findings
) -> None:
    keys, meant_for = _MEANINGLESS[shape.type]
    for key in keys:
        if key in shape.model_fields_set:
            problem = f"`{key}` says nothing for a {shape.type.value} check"
            findings.wrong(document.key((*path, key)), problem, f"remove it; it is for {meant_for}")


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
    elif timeout < MIN_TIMEOUT:
        findings.wrong(
            document.at((*path, "timeout")),
            f"a timeout of {timeout:g} s is too short for a round trip",
            "write `10ms` or more",
        )
    elif timeout > interval and {"timeout", "interval"} & shape.model_fields_set:
        findings.wrong(
            document.at((*path, "timeout")),
            f"the timeout ({timeout:g} s) is longer than the interval ({interval:g} s): "
            "a probe has to end before the next begins",
            f"write a timeout of at most `{interval:g}s`",
        )
