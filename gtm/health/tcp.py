"""The `tcp` probe: a connection, TLS if asked, octets to send and octets that must come.

An accepted connection is enough where nothing is expected. With TLS 1.3 a server tells that it
wants a client certificate only after the handshake: a check of that needs an `expect`.
"""

from __future__ import annotations

import asyncio

from gtm.checks import Tcp
from gtm.health.aim import Aim
from gtm.health.measure import Finding, Progress
from gtm.health.tls import Contexts, expiry, server_name

# Banners and answers to a ping are short; more than this is not read.
READ_LIMIT = 64 * 1024

# How much of what was expected stands in a reason.
SHOWN = 60


async def ask(asked: Tcp, aim: Aim, progress: Progress, contexts: Contexts) -> Finding:
    """Connect, speak and listen as asked. Raises what sockets and TLS do, and Impaired."""
    async with aim.connecting():
        reader, writer = await _connect(asked, aim, progress, contexts)
    try:
        expires = expiry(writer.get_extra_info("ssl_object"))
        if asked.send:
            progress.lacking = f"what was sent to {aim} was not taken"
            writer.write(asked.send)
            await writer.drain()
        if not asked.expect:
            said = "connected to" if asked.tls is None else "TLS with"
            return Finding(ok=True, what=f"{said} {aim}", expires=expires)
        what = await _expect(asked.expect, reader, aim, progress)
        return Finding(ok=what is None, what=what or _came(asked.expect, aim), expires=expires)
    finally:
        writer.transport.abort()  # what was not sent or read is not waited for


async def _connect(
    asked: Tcp, aim: Aim, progress: Progress, contexts: Contexts
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = aim.remote()
    if asked.tls is None:
        return await asyncio.open_connection(host, port, limit=READ_LIMIT, **aim.dialled())
    context = contexts.context(asked.tls)
    name = server_name(asked.tls, aim.called)
    progress.lacking = f"no TLS with {aim}"
    return await asyncio.open_connection(
        host, port, limit=READ_LIMIT, ssl=context, server_hostname=name, **aim.dialled()
    )


async def _expect(
    wanted: bytes, reader: asyncio.StreamReader, aim: Aim, progress: Progress
) -> str | None:
    """What was wrong with the octets that came; None where the wanted ones were among them."""
    came = bytearray()
    while len(came) < READ_LIMIT:
        progress.lacking = _lacking(wanted, came, aim)
        piece = await reader.read(READ_LIMIT - len(came))
        if not piece:
            return _closed(wanted, came, aim)
        unseen = max(0, len(came) - len(wanted) + 1)
        came += piece
        if came.find(wanted, unseen) >= 0:
            return None
    return f"{shown(wanted)} not in the first {READ_LIMIT // 1024} KiB from {aim}"


def _lacking(wanted: bytes, came: bytearray, aim: Aim) -> str:
    if not came:
        return f"connected to {aim}, but not a word from it"
    return f"{shown(wanted)} not among the {len(came)} octets that came from {aim}"


def _closed(wanted: bytes, came: bytearray, aim: Aim) -> str:
    if not came:
        return f"connection to {aim} closed without a word"
    return f"connection to {aim} closed after {len(came)} octets without {shown(wanted)}"


def _came(wanted: bytes, aim: Aim) -> str:
    return f"{shown(wanted)} from {aim}"


def shown(octets: bytes) -> str:
    r"""Octets for a person, quoted and bounded: `"+PONG\r\n"`."""
    text = repr(octets[:SHOWN])[2:-1].replace('"', '\\"')
    return f'"{text}…"' if len(octets) > SHOWN else f'"{text}"'
