"""What the demo's backends promise: real processes on loopback."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gtm.cli.backends import Backend, Condition, backends, dial_backends
from gtm.zonefile import load
from tests.unit.cli.cli_samples import GOOD

PATIENCE = 5.0  # seconds for a signal to be acted on by a busy machine


async def page(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    return text


async def becomes(backend: Backend, condition: Condition) -> bool:
    async with asyncio.timeout(PATIENCE):
        while backend.condition is not condition:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
    return True


async def test_a_backend_answers_for_its_region() -> None:
    async with backends(["eu-west"]) as (backend,):
        assert (await page(backend.port, "/health")).endswith("\r\n\r\nok\n")
        assert (await page(backend.port, "/")).endswith("\r\n\r\neu-west\n")


async def test_a_backend_is_stopped_resumed_and_started_again() -> None:
    async with backends(["eu-west"]) as (backend,):
        await backend.toggle()
        assert await becomes(backend, Condition.STOPPED)
        await backend.toggle()
        assert await becomes(backend, Condition.RUNNING)
        killed = backend.pid
        os.kill(killed, 9)
        assert await becomes(backend, Condition.ENDED)
        await backend.toggle()
        assert backend.pid != killed
        assert (await page(backend.port, "/health")).endswith("ok\n")


async def test_none_is_left_even_if_stopped_when_the_demo_fails() -> None:
    started: tuple[Backend, ...] = ()
    with pytest.raises(RuntimeError):
        async with backends(["us-east", "eu-west"]) as started:
            started[0].stop()
            raise RuntimeError
    assert len(started) == 2
    assert all(backend.process.returncode is not None for backend in started)


async def test_addresses_lead_to_their_regions_backend(tmp_path: Path) -> None:
    (tmp_path / "gtm.yaml").write_text(GOOD, encoding="utf-8")
    zones = load(tmp_path).zones
    async with backends(["us-east", "eu-west"]) as (us_east, eu_west):
        dial = dial_backends(zones, (us_east, eu_west))
        assert dial("192.0.2.10", 80) == ("127.0.0.1", us_east.port)
        assert dial("198.51.100.10", 80) == ("127.0.0.1", eu_west.port)
        assert dial("images.example.net", 443) == ("images.example.net", 443)
