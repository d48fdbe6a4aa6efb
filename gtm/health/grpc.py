"""The `grpc` probe: `Check` of the gRPC health protocol, version 1 (grpc.health.v1.Health).

Needs the extra `grpc` (gtm/usable.py refuses such a check without it), whose packages are imported
when the first such probe is made. Every
probe is a connection of its own, without retries or proxies, and waits no longer than its call.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gtm.checks import Grpc, Tls
from gtm.health.aim import Aim
from gtm.health.grpc_certificates import Looks
from gtm.health.grpc_words import failure
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import bracketed
from gtm.health.request import USER_AGENT
from gtm.health.tls import Contexts, server_name

if TYPE_CHECKING:
    import grpc

# A health answer is two octets. Headers of a real server are well below this.
MESSAGE_LIMIT = 64 * 1024
METADATA_LIMIT = 16 * 1024

_STATUSES: Mapping[int, str] = MappingProxyType(
    {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
)


async def ask(
    asked: Grpc,
    aim: Aim,
    progress: Progress,
    contexts: Contexts,
    looks: Looks,
    *,
    deadline: float,
) -> Finding:
    """Call `Check` and judge its answer. `deadline` is seconds, and told to the server.

    `looks` knows when certificates end. Raises Impaired where files for TLS can't be used, or this
    machine is short of sockets, and what look-ups do.
    """
    if asked.tls is None:
        return await _call(asked, aim, progress, contexts, deadline)
    look = looks.begin(asked.tls, aim)
    try:
        found = await _call(asked, aim, progress, contexts, deadline)
    finally:
        await looks.end(look)
    return replace(found, expires=looks.expires(asked.tls, aim)) if found.ok else found


async def _call(
    asked: Grpc, aim: Aim, progress: Progress, contexts: Contexts, deadline: float
) -> Finding:
    # the library writes a line to stderr for each handshake that fails, unless told before
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    import grpc
    from grpc_health.v1 import health_pb2

    channel = _channel(asked, aim, await _place(aim), contexts)
    progress.lacking = f"no answer from gRPC at {aim}"
    try:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )
        request = health_pb2.HealthCheckRequest(service=asked.service)
        answer = await check(request, timeout=deadline)
    except grpc.aio.AioRpcError as error:
        return Finding(ok=False, what=_failure(asked, aim, error))
    finally:
        await channel.close(None)
    status = _STATUSES.get(answer.status, str(answer.status))
    return Finding(ok=status == "SERVING", what=f"{status} from gRPC {_whole(asked)} at {aim}")


async def _place(aim: Aim) -> str:
    """All addresses of the target of one family, in the library's spelling.

    Looked up by the system, as for all probes; the library would ask name servers by itself.
    Raises socket.gaierror.
    """
    host, port = aim.remote()
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, family=aim.address_family(), type=socket.SOCK_STREAM
    )
    family = found[0][0]
    scheme = "ipv6" if family == socket.AF_INET6 else "ipv4"
    places = [str(place[0]) for each, _, _, _, place in found if each == family]
    return f"{scheme}:{','.join(f'{bracketed(place)}:{port}' for place in places)}"


def _channel(asked: Grpc, aim: Aim, place: str, contexts: Contexts) -> grpc.aio.Channel:
    import grpc

    options: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", MESSAGE_LIMIT),
        ("grpc.absolute_max_metadata_size", METADATA_LIMIT),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.primary_user_agent", USER_AGENT),
    ]
    if asked.tls is None:
        options.append(("grpc.default_authority", aim.called))
        return grpc.aio.insecure_channel(place, options=options)
    name = server_name(asked.tls, aim.called)
    options.append(("grpc.ssl_target_name_override", name))
    return grpc.aio.secure_channel(place, _credentials(asked.tls, contexts), options=options)


def _credentials(tls: Tls, contexts: Contexts) -> grpc.ChannelCredentials:
    """What the context for these settings trusts and shows, in the form that grpc wants."""
    import grpc

    context = contexts.context(tls)  # which also says what is wrong with the files
    certificate = _file(tls.certificate)
    key = _file(tls.key) if tls.key else certificate
    return grpc.ssl_channel_credentials(_authorities(context), key, certificate)


def _authorities(context: ssl.SSLContext) -> bytes:
    certificates = context.get_ca_certs(binary_form=True)
    return "".join(map(ssl.DER_cert_to_PEM_cert, certificates)).encode()


def _file(name: str | None) -> bytes | None:
    if name is None:
        return None
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Impaired(f"cannot read {name}: {error.strerror}") from error


def _whole(asked: Grpc) -> str:
    return f'service "{asked.service}"' if asked.service else "server"


def _failure(asked: Grpc, aim: Aim, error: grpc.aio.AioRpcError) -> str:
    name = server_name(asked.tls, aim.called) if asked.tls else aim.called
    return failure(error.code().name, error.details() or "", aim, asked.service, name)
