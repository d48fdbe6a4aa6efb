"""Every kind of probe is reached through one call, and each reaches its endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.checks import Exec, File, Http, Probe, Tcp
from gtm.health.impairment import Impaired
from gtm.health.kinds import Kinds
from gtm.health.measure import Finding, Progress
from gtm.health.sessions import open_session
from tests.unit.health.health_backends import saying, serving, silence, status
from tests.unit.health.probing import aim, measured


async def ask(kinds: Kinds, probe: Probe, port: int = 0) -> str:
    async with open_session() as session:

        async def attempt(progress: Progress) -> Finding:
            opened = aim(port)
            return await kinds.ask(probe, opened, progress, deadline=5, session=lambda: session)

        async with kinds.place(probe, 1):
            return (await measured(attempt, 5)).reason


async def test_each_kind_is_asked_in_its_way(tmp_path: Path) -> None:
    states = tmp_path / "states"
    states.write_text("192.0.2.10 up\n")
    kinds = Kinds()
    async with serving(saying(status(200))) as port:
        assert (await ask(kinds, Http(), port)).startswith("HTTP 200 ")
    async with serving(silence) as port:
        assert (await ask(kinds, Tcp(), port)).startswith("connected to ")
    assert (await ask(kinds, Exec(("true",)))).startswith("true for ")
    assert "is up in " in await ask(kinds, File(str(states)))


async def test_only_programs_wait_for_a_place() -> None:
    kinds, probe = Kinds(), Exec(("true",))
    held = [kinds.place(probe, 1) for _ in range(16)]
    for each in held:
        await each.__aenter__()
    with pytest.raises(Impaired, match="16 programs"):
        await kinds.place(probe, 0.01).__aenter__()
    async with kinds.place(Tcp(), 0):
        pass
    for each in held:
        await each.__aexit__(None, None, None)
