"""TLS as checks ask for it: own authorities, client certificates, and when certificates end."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gtm.checks import Tcp, Tls
from gtm.health import tcp
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.tls import Contexts, days_left
from tests.unit.health.certificates import Authority
from tests.unit.health.health_backends import Handler, pouring, saying, serving, silence
from tests.unit.health.probing import aim, measured

NAME = "orders.gtm.example.com"
AT = "192.0.2.10:7000"
ASK = b"hello\r\n\r\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.at(tmp_path / "authority")


async def asked(
    server: ssl.SSLContext | None,
    tls: Tls,
    *,
    handler: Handler | None = None,
    contexts: Contexts | None = None,
    patience: float = 2.0,
) -> Outcome:
    what = Tcp(tls, send=ASK, expect=b"well")
    async with serving(handler or saying(b"all is well"), server) as port:

        async def attempt(progress: Progress) -> Finding:
            return await tcp.ask(what, aim(port, name=NAME), progress, contexts or Contexts())

        return await measured(attempt, patience)


async def test_own_authorities_are_believed_and_the_end_is_told(authority: Authority) -> None:
    outcome = await asked(authority.server(NAME, days=3), Tls(authorities=authority.file))
    assert outcome.ok, outcome.reason
    assert outcome.expires is not None
    assert days_left(outcome.expires, time.time() - 60) == 3


async def test_nobody_else_is_then_believed(authority: Authority, tmp_path: Path) -> None:
    other = Authority.at(tmp_path / "other")
    outcome = await asked(other.server(NAME), Tls(authorities=authority.file))
    assert not outcome.ok
    assert outcome.reason.startswith(f"certificate of {AT} is not valid for ")
    assert outcome.reason.endswith("not trusted here")


@pytest.mark.parametrize(
    ("names", "days", "why"),
    [((NAME,), -1.0, "it has expired"), (("other.example.net",), 30.0, "it is for other names")],
)
async def test_an_expired_or_wrong_certificate_is_a_failure(
    authority: Authority, names: tuple[str, ...], days: float, why: str
) -> None:
    server = authority.server(*names, days=days)
    outcome = await asked(server, Tls(authorities=authority.file))
    assert not outcome.ok
    assert outcome.reason.startswith(f"certificate of {AT} is not valid for ")
    assert outcome.reason.endswith(why)
    unverified = await asked(server, Tls(verify=False))
    assert unverified.ok
    assert unverified.expires is not None
    assert days_left(unverified.expires, time.time() - 60) == days


async def test_the_name_of_the_check_is_sent_and_verified(authority: Authority) -> None:
    server = authority.server("internal.example.net")
    sent: list[str | None] = []
    server.set_servername_callback(lambda _socket, name, _context: sent.append(name))
    tls = Tls(server_name="internal.example.net.", authorities=authority.file)
    assert (await asked(server, tls)).ok
    assert sent == ["internal.example.net"]


async def test_a_client_certificate_is_shown(authority: Authority) -> None:
    server = authority.server(NAME, clients=True)
    certificate, key = authority.client()
    tls = Tls(authorities=authority.file)
    with_it = await asked(server, replace(tls, certificate=certificate, key=key))
    assert with_it.ok, with_it.reason


async def test_a_missing_client_certificate_is_said_by_the_server(authority: Authority) -> None:
    server = authority.server(NAME, clients=True)
    what = Tcp(Tls(authorities=authority.file), expect=b"well")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        async def attempt(progress: Progress) -> Finding:
            where = aim(listening.getsockname()[1], name=NAME)
            return await tcp.ask(what, where, progress, Contexts())

        # asyncio's servers drop the alert that says why, others send it
        refused = asyncio.create_task(asyncio.to_thread(refuse, listening, server))
        outcome = await measured(attempt)
        await refused
    assert not outcome.ok
    assert outcome.reason == f"no TLS with {AT}: tlsv13 alert certificate required"


def refuse(listening: socket.socket, server: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with connection, pytest.raises(ssl.SSLError), server.wrap_socket(connection, server_side=True):
        pass


async def test_a_server_that_never_answers_the_handshake_fails_when_time_is_up(
    authority: Authority,
) -> None:
    outcome = await asked(None, Tls(verify=False), handler=silence, patience=0.2)
    assert outcome.reason == f"no TLS with {AT} within 200 ms"


async def test_a_server_that_speaks_no_tls_is_a_failure() -> None:
    async def banner(reader: object, writer: object) -> None:
        writer.write(b"220 mail.example.net ESMTP\r\n")  # type: ignore[attr-defined]  # a Handler's
        await reader.read()  # type: ignore[attr-defined]  # a Handler's

    outcome = await asked(None, Tls(verify=False), handler=banner)
    assert outcome.reason.startswith(f"no TLS with {AT}: ")


async def test_an_endless_answer_over_tls_is_read_to_the_limit_only(authority: Authority) -> None:
    outcome = await asked(
        authority.server(NAME),
        Tls(authorities=authority.file),
        handler=pouring(b"", b"x" * 65536),
    )
    assert outcome.reason.startswith(f'"well" not in the first 64 KiB from {AT} after ')


# --- contexts are kept, and renewed with their files ----------------------------------------


def ticking() -> Callable[[], float]:
    """A clock on which every look is later than files are taken to be unchanged for."""
    now = [0.0]

    def clock() -> float:
        now[0] += 10
        return now[0]

    return clock


def touch(file: str) -> None:
    found = Path(file).stat()
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))


def test_one_context_serves_all_checks_that_differ_in_name_alone(authority: Authority) -> None:
    contexts, tls = Contexts(ticking()), Tls(authorities=authority.file)
    one = contexts.context(tls)
    assert contexts.context(replace(tls, server_name="a.example.net", warn_before=1)) is one
    assert contexts.context(tls, ("http/1.1",)) is not one
    assert contexts.context(Tls(verify=False)) is not one


def test_changed_files_are_read_again(authority: Authority, tmp_path: Path) -> None:
    contexts, tls = Contexts(ticking()), Tls(authorities=authority.file)
    before = contexts.context(tls)
    other = Authority.at(tmp_path / "other")
    Path(authority.file).write_bytes(Path(other.file).read_bytes())
    touch(authority.file)
    after = contexts.context(tls)
    assert after is not before
    assert after.get_ca_certs() != before.get_ca_certs()
    assert contexts.context(tls) is after


def test_files_that_became_unusable_leave_the_context_that_worked(authority: Authority) -> None:
    certificate, key = authority.client()
    contexts = Contexts(ticking())
    tls = Tls(authorities=authority.file, certificate=certificate, key=key)
    before = contexts.context(tls)
    Path(key).write_text("half of a k")
    with capture_logs() as logs:
        assert contexts.context(tls) is before
        assert contexts.context(tls) is before
    assert [log["event"] for log in logs] == ["tls_files_kept"]
    authority.client()
    assert contexts.context(tls) is not before


def test_a_look_is_shared_for_a_while(authority: Authority) -> None:
    contexts, tls = Contexts(lambda: 5.0), Tls(authorities=authority.file)
    before = contexts.context(tls)
    Path(authority.file).unlink()
    assert contexts.context(tls) is before


def test_files_that_can_not_be_used_are_this_machines_fault(
    authority: Authority, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    certificate, key = authority.client()
    _, other_key = authority.client("other")
    for tls, why in {
        Tls(authorities="/none.pem"): "authorities in /none.pem: No such file or directory",
        Tls(authorities=str(empty)): f"authorities in {empty}: it has no certificate",
        Tls(certificate="/none.pem"): "certificate in /none.pem: no such file or directory",
        Tls(certificate=certificate, key=str(empty)): f"with the key in {empty}: ",
        Tls(certificate=certificate, key=other_key): "key values mismatch",
    }.items():
        with pytest.raises(Impaired, match="cannot ") as caught:
            Contexts().context(tls)
        assert why in str(caught.value)
    assert Contexts().context(Tls(certificate=certificate, key=key))
