"""The dns probe asks a real name server: gtm itself."""

from __future__ import annotations

import pytest

from gtm.checks import Dns
from gtm.health import dns
from gtm.health.aim import Aim
from gtm.health.measure import Finding, Progress
from tests.system.conftest import US, World

ZONE = "gtm.example.com"


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
async def test_gtm_is_well_by_its_own_probe(world: World, tcp: bool) -> None:
    async def ask(asked: Dns) -> Finding:
        return await dns.ask(asked, Aim("127.0.0.1", world.gtm.port), Progress(""))

    where = f"127.0.0.1:{world.gtm.port}"
    assert (await ask(Dns(f"orders.{ZONE}", answers=(US,), tcp=tcp))).ok
    assert (await ask(Dns(ZONE, "NS", ("ns1.gtm.example.com",), tcp=tcp))).ok
    assert (await ask(Dns(f"none.{ZONE}", rcode="NXDOMAIN", tcp=tcp))).ok
    nothing = await ask(Dns(f"note.{ZONE}", "AAAA", tcp=tcp))
    assert nothing == Finding(
        ok=False, what=f"NOERROR from {where} for note.{ZONE} AAAA without a record"
    )
    refused = await ask(Dns("elsewhere.example.net", tcp=tcp))
    assert refused == Finding(ok=False, what=f"REFUSED from {where} for elsewhere.example.net A")
