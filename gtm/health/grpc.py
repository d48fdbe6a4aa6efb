"""The `grpc` probe: `Check` of the gRPC health protocol, version 1 (grpc.health.v1.Health).

Needs the extra `grpc` (gtm/usable.py refuses such a check without it), whose packages are imported
when the first such probe is made. Every
probe is a connection of its own, without retries or proxies, and waits no longer than its call.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gtm.checks import Grpc, Tls
from gtm.health.aim import Aim
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

# How much of what a library or server says stands in a reason.
SHOWN = 160

_STATUSES: Mapping[int, str] = MappingProxyType(
    {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
)

# grpc's own name of the failed connection, before what the system said about it.
_LAST_ERROR = re.compile(r".*(?:last error|Socket error|error): *(?:[A-Z_]+: *)?", re.DOTALL)


async def ask(
    asked: Grpc, aim: Aim, progress: Progress, contexts: Contexts, *, deadline: float
) -> Finding:
    """Call `Check` and judge its answer. `deadline` is seconds, and told to the server.

    Raises Impaired where files for TLS can't be used.
    """
    import grpc
    from grpc_health.v1 import health_pb2

    host, port = aim.remote()
    channel = _channel(asked, aim, f"{bracketed(host)}:{port}", contexts)
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
    """Why the call failed, by its status code (grpc.io/docs/guides/status-codes)."""
    code, details = error.code().name, _cut(error.details() or "")
    match code:
        case "DEADLINE_EXCEEDED":
            return f"no answer from gRPC at {aim} within its deadline"
        case "UNIMPLEMENTED":
            return f"gRPC at {aim} does not speak the health protocol"
        case "NOT_FOUND":
            return f'gRPC at {aim} knows no service "{asked.service}"'
        case "UNAVAILABLE":
            return f"no gRPC with {aim}: {_LAST_ERROR.sub('', details) or 'unavailable'}"
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            return f"gRPC at {aim} refuses health checks: {details or code}"
    return f"{code} from gRPC at {aim}: {details}" if details else f"{code} from gRPC at {aim}"


def _cut(text: str) -> str:
    clean = "".join(each if each.isprintable() else " " for each in text)
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"
