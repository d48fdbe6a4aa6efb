"""What a server listens on: its sockets, bound before root is given up, and the plane on them."""

from __future__ import annotations

import errno
import resource
import socket
from dataclasses import dataclass

import structlog

from gtm.dns.conduct import Conduct
from gtm.dns.transport import Transport
from gtm.errors import ConfigError, StartError
from gtm.handed import Pool, Use
from gtm.health import CONCURRENCY
from gtm.networks import Networks
from gtm.planes import Plane, choice
from gtm.planes.certificate import Keeper
from gtm.planes.encrypted import EncryptedPlane, SecureListener, has_http2
from gtm.planes.proxy import Balancers
from gtm.planes.sockets import ListenAddress, Listener, bind, bind_stream
from gtm.settings import Settings

log = structlog.get_logger("gtm")

UNLIMITED = 1 << 20  # open files taken to be allowed where there is no limit
RESERVED_FILES = 200  # for the API, listening sockets, files and libraries
FEWEST_CONNECTIONS = 64  # over TCP, and again over TLS and HTTPS, however few files are allowed
NO_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything that is listened on; `keeper` has the certificate, where TLS is spoken."""

    listeners: tuple[Listener, ...]
    secure: tuple[SecureListener, ...] = ()
    keeper: Keeper | None = None

    def named(self) -> list[str]:
        """For log and status."""
        return [str(each.at) for each in self.listeners] + [str(each) for each in self.secure]

    def offered(self) -> list[tuple[Use, socket.socket]]:
        """All of them, for a server that takes over."""
        plain = [sock for each in self.listeners for sock in (each.udp, *each.more, each.tcp)]
        return [(Use.DNS, sock) for sock in plain] + [
            (Use.TLS if each.transport is Transport.TLS else Use.HTTPS, each.sock)
            for each in self.secure
        ]

    def close(self) -> None:
        """Closes all sockets."""
        for listener in self.listeners:
            listener.close()
        for secure in self.secure:
            secure.sock.close()


def bind_all(settings: Settings, workers: int, handed: Pool | None = None) -> Bound:
    """Binds every address, and reads the certificate. Raises StartError or ConfigError.

    Sockets that were handed over are taken instead of new ones. Those that no setting names are
    served too, and take the place of the addresses that are listened on by default.
    """
    handed = Pool() if handed is None else handed
    if settings.xdp and settings.proxy_from:
        raise ConfigError(
            "cannot use --xdp with --proxy-from: PROXY headers are read by the sockets alone"
        )
    named = settings.listen_addresses()
    if "listen" not in settings.model_fields_set and handed.has(Use.DNS):
        named = ()
    tls, https = settings.tls_addresses(), settings.https_addresses()
    tls, https = (
        (*tls, *handed.addresses(Use.TLS, tls)),
        (
            *https,
            *handed.addresses(Use.HTTPS, https),
        ),
    )
    keeper = _keeper(settings, tls, https)
    bound = Bound(_bind_plain((*named, *handed.addresses(Use.DNS, named)), workers, handed))
    wanted = [(Transport.TLS, Use.TLS, at) for at in tls]
    wanted += [(Transport.HTTPS, Use.HTTPS, at) for at in https]
    secure: list[SecureListener] = []
    try:
        for transport, use, address in wanted:
            given = handed.stream(use, address)
            if given is not None:
                secure.append(SecureListener(address, transport, given))
                continue
            at, sock = bind_stream(address, f"--{transport.value}")
            secure.append(SecureListener(at, transport, sock))
    except StartError:
        Bound(bound.listeners, tuple(secure)).close()
        raise
    return Bound(bound.listeners, tuple(secure), keeper)


def _keeper(
    settings: Settings, tls: tuple[ListenAddress, ...], https: tuple[ListenAddress, ...]
) -> Keeper | None:
    if not tls and not https:
        return None
    if settings.certificate is None:
        flag = "--tls" if tls else "--https"
        raise ConfigError(
            f"cannot serve {flag} without a certificate: add --certificate FILE and "
            "--certificate-key FILE (PEM)"
        )
    http2 = has_http2()
    if https and not http2:
        log.warning(
            "no_http2", reason="the library h2 is not installed", remedy="pip install 'gtm[http2]'"
        )
    return Keeper(settings.certificate, settings.certificate_key, http2=http2)


def make_plane(plane: str, bound: Bound, settings: Settings, files: int, conduct: Conduct) -> Plane:
    """The plane called so, with TLS and HTTPS beside it; the sockets are its own from now on."""
    balancers = Balancers(Networks.of(settings.proxy_from))
    limits = settings.stream_limits(
        connections_for(files, settings.connections, 2 if bound.secure else 1)
    )
    try:
        made = choice.make(
            plane, bound.listeners, limits, settings.xdp, conduct, settings.limit(), balancers
        )
    except (ConfigError, StartError):
        bound.close()
        raise
    if bound.keeper is None:
        return made
    return EncryptedPlane(made, bound.secure, bound.keeper, limits, balancers)


def raise_file_limit() -> int:
    """As many open files as the system allows; gives how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        return soft
    return hard if hard != resource.RLIM_INFINITY else UNLIMITED


def connections_for(files: int, wanted: int, sides: int) -> int:
    """How many connections each of so many sides may have, with files left for probes and API."""
    room = (files - CONCURRENCY - RESERVED_FILES) // sides
    if room < wanted:
        log.warning(
            "few_files",
            connections=max(FEWEST_CONNECTIONS, room),
            wanted=wanted,
            files=files,
            remedy="raise LimitNOFILE (ulimit -n)",
        )
    return max(FEWEST_CONNECTIONS, min(wanted, room))


def _bind_plain(
    wanted: tuple[ListenAddress, ...], workers: int, handed: Pool
) -> tuple[Listener, ...]:
    """Binds every address; where the system has no IPv6, the default [::1] is left out."""
    bound: list[Listener] = []
    try:
        for address in wanted:
            try:
                given = handed.listener(address, workers)
                bound.append(bind(address, workers) if given is None else given)
            except StartError as error:
                if not (address.address.is_loopback and _no_ipv6(error)):
                    raise
                log.warning("ipv6_unavailable", address=str(address))
    except StartError:
        for listener in bound:
            listener.close()
        raise
    return tuple(bound)


def _no_ipv6(error: StartError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in NO_FAMILY
