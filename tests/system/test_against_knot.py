"""Every type in every place, answered as Knot answers it from the same static zone.

What may differ is what RFCs leave open, and is named in `alike`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.system import matrix
from tests.system.harness import PATIENCE, run_gtm, serving
from tests.system.knot import knot

PROOFS = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3}


@dataclass(frozen=True)
class Servers:
    """Ports of both."""

    gtm: int
    knot: int
    signed: bool


@pytest.fixture(
    scope="module",
    params=[(plane, signed) for signed in (False, True) for plane in ("auto", "python")],
    ids=["auto", "python", "auto-signed", "python-signed"],
)
def servers(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Servers]:
    """Both servers with the same zone, signed or not; ours with either plane."""
    plane, signed = request.param
    folder = tmp_path_factory.mktemp("matrix")
    zones, keys = folder / "zones", folder / "keys"
    zones.mkdir()
    (zones / "matrix.yaml").write_text(matrix.yaml(signed=signed), encoding="utf-8")
    (zones / "static.zone").write_text(matrix.records(), encoding="utf-8")
    if signed:
        made = run_gtm("keys", "generate", matrix.APEX, "--zones", str(zones), "--keys", str(keys))
        assert made.returncode == 0, made.stderr
    arguments = ("--plane", plane, "--keys", str(keys))
    with (
        knot(folder / "knot", matrix.APEX, matrix.whole(), signed=signed) as port,
        serving(folder, zones, *arguments, geoip="none") as ours,
    ):
        yield Servers(ours.port, port, signed)


class Asking:
    """Asks one server after the other over one transport."""

    def __init__(self, *, tcp: bool) -> None:
        self._tcp = tcp
        self._sockets: dict[int, socket.socket] = {}

    def ask(self, port: int, query: dns.message.Message) -> dns.message.Message:
        if not self._tcp:
            return dns.query.udp(query, "127.0.0.1", PATIENCE, port)
        if port not in self._sockets:
            self._sockets[port] = socket.create_connection(("127.0.0.1", port), PATIENCE)
            self._sockets[port].setblocking(False)
        return dns.query.tcp(query, "127.0.0.1", PATIENCE, port, sock=self._sockets[port])

    def close(self) -> None:
        for each in self._sockets.values():
            each.close()


def records(section: list[Any], *, signed: bool) -> set[str]:
    """A section's records; of a signed zone the types at each name, and which proofs there are.

    Who owns an NSEC is each signer's own, as the names are that a zone has for itself.
    """
    if not signed:
        return {line.lower() for rrset in section for line in rrset.to_text().split("\n")}
    found = {f"{rrset.name} {rrset.rdtype}" for rrset in section if rrset.rdtype not in PROOFS}
    proofs = {f"{rrset.rdtype} of {rrset.covers}" for rrset in section if rrset.rdtype in PROOFS}
    return {line.lower() for line in found | proofs}


def alike(said: dns.message.Message, *, signed: bool = False) -> tuple[object, ...]:
    """What both must say.

    Addresses beside an answer are a courtesy (RFC 1035 section 3.3): those of referrals are glue,
    which must be there (RFC 9471). What is left in a truncated message is no matter (RFC 2181
    section 9). ANY gets any one set (RFC 8482 section 4.1): of a signed zone not the same.
    """
    if said.flags & dns.flags.TC:
        return dns.rcode.to_text(said.rcode()), dns.flags.to_text(said.flags)
    referral = any(rrset.rdtype == dns.rdatatype.NS for rrset in said.authority)
    any_one = signed and said.question[0].rdtype == dns.rdatatype.ANY
    return (
        dns.rcode.to_text(said.rcode()),
        dns.flags.to_text(said.flags),
        bool(said.answer) if any_one else records(said.answer, signed=signed),
        records(said.authority, signed=signed),
        records(said.additional, signed=signed) if referral else set(),
    )


@pytest.mark.parametrize("do", [False, True], ids=["plain", "DO"])
@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
def test_every_type_in_every_place_is_answered_as_knot_does(
    servers: Servers, tcp: bool, do: bool
) -> None:
    asking = Asking(tcp=tcp)
    differing = []
    signed = servers.signed
    for name, rrtype in matrix.questions(signed=signed):
        query = dns.message.make_query(
            name, rrtype, use_edns=0 if do else False, want_dnssec=do, payload=1232
        )
        ours, theirs = asking.ask(servers.gtm, query), asking.ask(servers.knot, query)
        us, them = alike(ours, signed=signed), alike(theirs, signed=signed)
        if us != them:
            differing.append(f"{name} {rrtype}\n  gtm  {us}\n  knot {them}")
    asking.close()
    assert not differing, f"{len(differing)} answers differ\n" + "\n".join(differing)
