"""What each type of check asks: from the keys of its shape to a probe, and which keys it has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gtm.checks import (
    BodyTest,
    Contains,
    Dns,
    Exec,
    File,
    Grpc,
    Http,
    Icmp,
    Matches,
    Probe,
    StatusRange,
    Tcp,
    Tls,
)
from gtm.zonefile import values
from gtm.zonefile.checkshape import CheckShape, ExpectShape, TlsShape
from gtm.zonefile.checkvalues import CheckType
from gtm.zonefile.findings import Wrong

DEFAULT_PORTS: Mapping[CheckType, int] = MappingProxyType(
    {CheckType.HTTP: 80, CheckType.HTTPS: 443, CheckType.DNS: 53}
)

COMBINED = (CheckType.ALL, CheckType.ANY, CheckType.QUORUM)

_HTTP = ("method", "path", "host", "headers", "expect", "redirects", "keep_alive", "load")

# The keys that say something for some types alone.
KEYS: Mapping[CheckType, tuple[str, ...]] = MappingProxyType(
    {
        CheckType.HTTP: ("port", *_HTTP, "source", "connect_timeout"),
        CheckType.HTTPS: ("port", *_HTTP, "verify", "tls", "source", "connect_timeout"),
        CheckType.TCP: ("port", "send", "expect", "tls", "source", "connect_timeout"),
        CheckType.GRPC: ("port", "service", "tls"),
        CheckType.DNS: (
            *("port", "name", "record", "answers", "rcode", "tcp", "source", "connect_timeout"),
        ),
        CheckType.ICMP: ("size", "source"),
        CheckType.EXEC: ("port", "command"),
        CheckType.FILE: ("port", "path", "max_age"),
        CheckType.ALL: ("checks",),
        CheckType.ANY: ("checks",),
        CheckType.QUORUM: ("checks", "needed"),
    }
)
_OF_SOME = frozenset(key for keys in KEYS.values() for key in keys)


def misplaced(shape: CheckShape) -> list[tuple[str, str]]:
    """The keys that say nothing for the check's type, each with the types that it is for.

    What holds for all probes says nothing where checks are put together.
    """
    written, own = shape.model_fields_set - {"type"}, KEYS[shape.type]
    if shape.type in COMBINED:
        return [(key, "the checks that it puts together") for key in sorted(written - {*own})]
    wrong = sorted(key for key in written & _OF_SOME if key not in own)
    return [(key, _meant_for(key)) for key in wrong]


def probe_of(shape: CheckShape) -> Probe:
    """What the check asks. Raises Wrong with a key, where one is missing or of the wrong kind."""
    match shape.type:
        case CheckType.HTTP | CheckType.HTTPS:
            return _http(shape)
        case CheckType.TCP:
            return Tcp(_tls(shape.tls), shape.send or b"", _octets(shape.expect))
        case CheckType.GRPC:
            return Grpc(shape.service or "", _tls(shape.tls))
        case CheckType.DNS:
            return _dns(shape)
        case CheckType.ICMP:
            return Icmp() if shape.size is None else Icmp(shape.size)
        case CheckType.EXEC if shape.command is not None:
            return Exec(shape.command)
        case CheckType.FILE if shape.path is not None:
            return File(shape.path, shape.max_age)
    raise Wrong(*_MISSING[shape.type])


_MISSING: Mapping[CheckType, tuple[str, str]] = MappingProxyType(
    {
        CheckType.EXEC: (
            "an exec check needs a program",
            "write `command:`, such as `command: [/usr/local/bin/check, '{address}']`",
        ),
        CheckType.FILE: (
            "a file check needs a file",
            "write `path:`, such as `path: /run/gtm/states`",
        ),
        CheckType.DNS: (
            "a dns check needs a name to ask for",
            "write `name:`, such as `name: www.example.com`",
        ),
    }
)


def _http(shape: CheckShape) -> Http:
    expect = shape.expect if isinstance(shape.expect, ExpectShape) else ExpectShape()
    if isinstance(shape.expect, bytes):
        raise Wrong(
            f"`expect` of an {shape.type.value} check has keys",
            "write `expect: {body: text}`, or `status`, `match` or `json` in it",
        )
    return Http(
        tls=None if shape.type is CheckType.HTTP else _tls_of_https(shape),
        method=shape.method or "GET",
        path=values.url_path(shape.path or "/"),
        host=shape.host,
        headers=tuple((shape.headers or {}).items()),
        statuses=expect.status or (StatusRange(200, 299),),
        body=_body(expect),
        redirects=shape.redirects or 0,
        keep_alive=bool(shape.keep_alive),
    )


def _body(expect: ExpectShape) -> tuple[BodyTest, ...]:
    return (
        *map(Contains, expect.body or ()),
        *map(Matches, expect.match or ()),
        *(expect.json_ or ()),
    )


def _tls_of_https(shape: CheckShape) -> Tls:
    if shape.tls is None and "tls" in shape.model_fields_set:
        raise Wrong("https is never without TLS", "write `type: http`, or remove `tls`")
    inner = _tls(shape.tls) or Tls()
    if shape.verify is None:
        return inner
    if shape.tls is not None and "verify" in shape.tls.model_fields_set:
        raise Wrong("`verify` is written twice", "keep the one in `tls`")
    return Tls(
        shape.verify,
        inner.server_name,
        inner.authorities,
        inner.certificate,
        inner.key,
        inner.warn_before,
    )


def _tls(shape: TlsShape | None) -> Tls | None:
    if shape is None:
        return None
    return Tls(shape.verify, shape.server_name, shape.ca, shape.cert, shape.key, shape.warn_before)


def _octets(expect: bytes | ExpectShape | None) -> bytes:
    if isinstance(expect, ExpectShape):
        raise Wrong(
            "`expect` of a tcp check is text", 'write the text that must come, such as `"+PONG"`'
        )
    return expect or b""


def _dns(shape: CheckShape) -> Dns:
    if shape.name is None:
        raise Wrong(*_MISSING[CheckType.DNS])
    return Dns(
        shape.name,
        shape.record or "A",
        shape.answers or (),
        shape.rcode or "NOERROR",
        bool(shape.tcp),
    )


def _meant_for(key: str) -> str:
    types = [type_.value for type_, keys in KEYS.items() if key in keys]
    few = ", ".join(types[:-1]) + " and " + types[-1] if len(types) > 1 else types[0]
    return f"{few} checks"
