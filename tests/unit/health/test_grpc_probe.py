"""What the grpc probe says of real servers of the gRPC health protocol, and of others."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Grpc, Tls
from gtm.health import grpc as probe
from gtm.health.grpc_certificates import LOOK_AGAIN, Looks
from gtm.health.grpc_words import failure
from gtm.health.impairment import OPEN_FILES, Impaired
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.tls import Contexts, days_left
from gtm.usable import unusable
from tests.unit.health.certificates import Authority
from tests.unit.health.health_backends import Handler, serving, silence
from tests.unit.health.probing import aim, measured

AT = "192.0.2.10:7000"
NAME = "orders.gtm.example.com"
STATUS = health_pb2.HealthCheckResponse

Servicer = health_pb2_grpc.HealthServicer


async def statuses(**services: Any) -> Servicer:
    servicer = health.aio.HealthServicer()
    for service, status in services.items():
        await servicer.set(service, status)
    return servicer


@asynccontextmanager
async def speaking(
    servicer: Servicer | None, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[int]:
    server = grpc.aio.server()
    if servicer is not None:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


async def asked(
    port: int, what: Grpc | None = None, patience: float = 5.0, looks: Looks | None = None
) -> Outcome:
    async def attempt(progress: Progress) -> Finding:
        where, contexts = aim(port, name=NAME), Contexts()
        shared = looks or Looks(contexts)
        return await probe.ask(what or Grpc(), where, progress, contexts, shared, deadline=patience)

    return await measured(attempt, patience)


async def test_only_serving_is_well() -> None:
    servicer = await statuses(
        orders=STATUS.SERVING, payments=STATUS.NOT_SERVING, search=STATUS.UNKNOWN
    )
    async with speaking(servicer) as port:
        whole = await asked(port)
        orders = await asked(port, Grpc("orders"))
        payments = await asked(port, Grpc("payments"))
        search = await asked(port, Grpc("search"))
        images = await asked(port, Grpc("images"))
    assert whole.ok
    assert whole.reason.startswith(f"SERVING from gRPC server at {AT} after ")
    assert orders.ok
    assert orders.reason.startswith(f'SERVING from gRPC service "orders" at {AT} after ')
    assert not payments.ok
    assert payments.reason.startswith(f'NOT_SERVING from gRPC service "payments" at {AT} after ')
    assert search.reason.startswith("UNKNOWN from ")
    assert not images.ok
    assert images.reason.startswith(f'gRPC at {AT} knows no service "images" after ')


async def test_a_server_without_the_health_protocol_is_a_failure() -> None:
    async with speaking(None) as port:
        outcome = await asked(port)
    assert not outcome.ok
    assert outcome.reason.startswith(f"gRPC at {AT} does not speak the health protocol after ")


class Refusing(Servicer):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self.code, self.details = code, details

    async def Check(self, request: object, context: grpc.aio.ServicerContext) -> object:  # type: ignore[type-arg]  # stubs know the blocking server alone
        await context.abort(self.code, self.details)
        raise AssertionError


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, f"gRPC at {AT} refuses health checks: go away after "),
        (grpc.StatusCode.INTERNAL, f"INTERNAL from gRPC at {AT}: go away after "),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, f"RESOURCE_EXHAUSTED from gRPC at {AT}: go away "),
    ],
)
async def test_other_statuses_are_failures_in_words(code: grpc.StatusCode, words: str) -> None:
    async with speaking(Refusing(code, "go\naway")) as port:
        outcome = await asked(port)
    assert not outcome.ok
    assert outcome.reason.startswith(words)


class Slow(Servicer):
    async def Check(self, request: object, context: object) -> object:
        await asyncio.sleep(60)
        raise AssertionError


async def test_a_call_that_is_not_answered_fails_when_time_is_up() -> None:
    async with speaking(Slow()) as port:
        outcome = await asked(port, patience=0.3)
    assert not outcome.ok
    assert outcome.reason.startswith(f"no answer from gRPC at {AT} within ")


async def not_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(24)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\0")
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_a_server_that_never_says_a_word_fails_when_time_is_up() -> None:
    async with serving(silence) as port:
        outcome = await asked(port, patience=0.5)
    assert not outcome.ok
    assert outcome.impairment is None
    assert outcome.reason.startswith(f"no answer from gRPC at {AT} within ")


@pytest.mark.parametrize("handler", [drip, not_http2])
async def test_servers_that_speak_no_grpc_are_failures(handler: Handler) -> None:
    async with serving(handler) as port:
        outcome = await asked(port, patience=20.0)
    assert not outcome.ok
    assert outcome.impairment is None
    assert outcome.reason.startswith(f"{AT} does not speak gRPC after ")


async def test_a_refused_connection_is_a_failure(unused_tcp_port: int) -> None:
    outcome = await asked(unused_tcp_port)
    assert not outcome.ok
    assert outcome.reason.startswith(f"connection to {AT} refused after ")


async def test_a_host_name_that_does_not_resolve_is_a_failure() -> None:
    async def attempt(progress: Progress) -> Finding:
        where = aim(1, host="backend.invalid", address="backend.invalid")
        return await probe.ask(Grpc(), where, progress, Contexts(), Looks(Contexts()), deadline=5)

    outcome = await measured(attempt, 5)
    assert not outcome.ok
    assert "does not resolve: " in outcome.reason


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_host_names_are_looked_up_by_the_system(host: str) -> None:
    async def attempt(progress: Progress) -> Finding:
        where = aim(port, host, family=4)
        return await probe.ask(Grpc(), where, progress, Contexts(), Looks(Contexts()), deadline=5)

    async with speaking(await statuses()) as port:
        assert (await measured(attempt, 5)).ok


async def test_an_expired_certificate_is_a_failure(tmp_path: Path) -> None:
    authority = Authority.at(tmp_path / "authority")
    leaf = authority.certificate(NAME, days=-1)
    pair = (leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes())
    async with speaking(await statuses(), grpc.ssl_server_credentials([pair])) as port:
        outcome = await asked(port, Grpc(tls=Tls(authorities=authority.file)))
    assert outcome.reason == (
        f"certificate of {AT} is not valid for {NAME}: certificate has expired after less than 1 ms"
    )


def test_what_grpc_says_of_this_machine_is_no_word_on_the_endpoint() -> None:
    with pytest.raises(Impaired, match=OPEN_FILES):
        failure("UNAVAILABLE", "last error: UNKNOWN: socket: Too many open files", aim(1), "", "")


@given(st.text(), st.sampled_from([each.name for each in grpc.StatusCode]))
def test_whatever_a_server_says_is_one_bounded_line(details: str, code: str) -> None:
    with suppress(Impaired):
        said = failure(code, details, aim(1), "orders", NAME)
        assert said.isprintable()
        assert len(said) < 400


async def test_tls_is_verified_and_client_certificates_are_shown(tmp_path: Path) -> None:
    authority = Authority.at(tmp_path / "authority")
    leaf = authority.certificate(NAME)
    pair = (leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes())
    root = Path(authority.file).read_bytes()
    credentials = grpc.ssl_server_credentials([pair], root, require_client_auth=True)
    certificate, key = authority.client()
    tls = Tls(authorities=authority.file, certificate=certificate, key=key)
    async with speaking(await statuses(), credentials) as port:
        well = await asked(port, Grpc(tls=tls))
        without = await asked(port, Grpc(tls=Tls(authorities=authority.file)))
        wrong = await asked(port, Grpc(tls=replace(tls, server_name="other.example.net")))
        stranger = await asked(port, Grpc(tls=replace(tls, authorities=None)))
        plain = await asked(port)
    assert well.ok, well.reason
    not_valid = f"certificate of {AT} is not valid for "
    for outcome, reason in {
        without: f"connection to {AT} closed without an answer",
        wrong: not_valid + "other.example.net: it is for other names",
        stranger: not_valid + f"{NAME}: unable to get local issuer certificate",
        plain: f"connection to {AT} closed without an answer",
    }.items():
        assert not outcome.ok
        assert outcome.impairment is None
        assert outcome.reason == f"{reason} after less than 1 ms"


class OnceSeen(Servicer):
    """Well as soon as the handshake beside the call has come to its end."""

    def __init__(self, seen: asyncio.Event) -> None:
        self.seen = seen

    async def Check(self, request: object, context: object) -> object:
        await self.seen.wait()
        return health_pb2.HealthCheckResponse(status=STATUS.SERVING)


async def test_the_end_of_a_certificate_is_looked_at_once_in_a_while(tmp_path: Path) -> None:
    authority = Authority.at(tmp_path / "authority")
    leaf = authority.certificate(NAME, days=3)
    pair = (leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes())
    now, seen, tls = [0.0], asyncio.Event(), Tls(authorities=authority.file)

    def clock() -> float:
        seen.set()  # it is asked for the moment of what was seen
        return now[0]

    looks = Looks(Contexts(), clock)
    async with speaking(OnceSeen(seen), grpc.ssl_server_credentials([pair])) as port:
        first = await asked(port, Grpc(tls=tls), looks=looks)
        assert first.expires is not None, first.reason
        assert days_left(first.expires, time.time() - 60) == 3
        assert looks.begin(tls, aim(port, name=NAME)) is None
        assert (await asked(port, Grpc(tls=tls), looks=looks)).expires == first.expires
        now[0] = LOOK_AGAIN
        again = looks.begin(tls, aim(port, name=NAME))
        assert again is not None
        await looks.end(again)
        assert looks.expires(tls, aim(port, name=NAME)) == first.expires


async def test_a_look_at_a_certificate_is_no_word_on_the_server(tmp_path: Path) -> None:
    tls = Tls(authorities=Authority.at(tmp_path / "authority").file)
    looks = Looks(Contexts())
    async with serving(silence) as port:
        look = looks.begin(tls, aim(port, name=NAME))
        await looks.end(look)
        assert look is not None and look.cancelled()
    look = looks.begin(tls, aim(port, name=NAME))
    assert look is not None
    await look
    assert looks.expires(tls, aim(port, name=NAME)) is None


async def test_files_for_tls_that_are_missing_judge_nobody() -> None:
    outcome = await asked(1, Grpc(tls=Tls(authorities="/none.pem")))
    assert outcome.impairment == (
        "cannot read the authorities in /none.pem: No such file or directory"
    )


def test_without_its_extra_the_check_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unusable(Grpc()) is None
    monkeypatch.setitem(sys.modules, "grpc_health", None)
    assert unusable(Grpc()) == "the grpc extra is not installed; pip install gtm[grpc]"
