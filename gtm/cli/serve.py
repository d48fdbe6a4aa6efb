"""`gtm serve`: the name server itself, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gtm.cli import serveoptions as option
from gtm.cli.options import Geoip
from gtm.errors import GtmError, UsageError

if TYPE_CHECKING:
    from gtm.settings import Settings


def serve(
    zones: option.Zones = None,
    listen: option.Listen = None,
    tls: option.Tls = None,
    https: option.Https = None,
    certificate: option.Certificate = None,
    certificate_key: option.CertificateKey = None,
    proxy_from: option.ProxyFrom = None,
    connections: option.Connections = None,
    connections_per_client: option.ConnectionsPerClient = None,
    idle: option.Idle = None,
    lifetime: option.Lifetime = None,
    xdp: option.Xdp = None,
    api: option.Api = None,
    tokens: option.Tokens = None,
    api_certificate: option.ApiCertificate = None,
    api_certificate_key: option.ApiCertificateKey = None,
    api_plaintext: option.ApiPlaintext = None,
    geoip: Geoip = None,
    state: option.State = None,
    keys: option.Keys = None,
    plane: option.Plane = None,
    workers: option.Workers = None,
    user: option.User = None,
    identity: option.Identity = None,
    tell_version: option.TellVersion = None,
    chaos_allow: option.ChaosAllow = None,
    cookie_secrets: option.CookieSecrets = None,
    rate_limit: option.RateLimit = None,
    rate_limit_slip: option.RateLimitSlip = None,
    rate_limit_ipv4_prefix: option.RateLimitIpv4Prefix = None,
    rate_limit_ipv6_prefix: option.RateLimitIpv6Prefix = None,
    rate_limit_allow: option.RateLimitAllow = None,
    query_log: option.QueryLog = None,
    query_log_format: option.QueryLogFormat = None,
    query_log_every: option.QueryLogEvery = None,
    query_log_clients: option.QueryLogClients = None,
    no_exec: option.NoExec = None,
    takeover: option.Takeover = None,
    config: option.Config = None,
    log_format: option.LogFormat = None,
    log_level: option.LogLevel = None,
) -> None:
    """Answer DNS: each client gets the nearest healthy region.

    Every option can also be a [bold]GTM_*[/] variable or a key of [bold]--config[/]; flags win.
    Saved files are loaded by themselves; so they are on [bold]gtm reload[/] and SIGHUP.

    Examples: [bold]gtm serve zones/[/],
    [bold]gtm serve /etc/gtm/zones --listen 0.0.0.0:53 --listen \\[::]:53 --user gtm[/]
    """
    from gtm import logs, serving
    from gtm.settings import settle

    flags = {
        "zones": zones,
        "listen": listen,
        "tls": tls,
        "https": https,
        "certificate": certificate,
        "certificate_key": certificate_key,
        "proxy_from": proxy_from,
        "connections": connections,
        "connections_per_client": connections_per_client,
        "idle": idle,
        "lifetime": lifetime,
        "xdp": xdp,
        "api": api,
        "tokens": tokens,
        "api_certificate": api_certificate,
        "api_certificate_key": api_certificate_key,
        "api_plaintext": api_plaintext,
        "geoip": geoip,
        "state": state,
        "keys": keys,
        "plane": plane,
        "workers": workers,
        "user": user,
        "identity": identity,
        "tell_version": tell_version,
        "chaos_allow": chaos_allow,
        "cookie_secrets": cookie_secrets,
        "rate_limit": rate_limit,
        "rate_limit_slip": rate_limit_slip,
        "rate_limit_ipv4_prefix": rate_limit_ipv4_prefix,
        "rate_limit_ipv6_prefix": rate_limit_ipv6_prefix,
        "rate_limit_allow": rate_limit_allow,
        "query_log": query_log,
        "query_log_format": query_log_format,
        "query_log_every": query_log_every,
        "query_log_clients": query_log_clients,
        "no_exec": no_exec,
        "takeover": takeover,
        "log_format": log_format,
        "log_level": log_level,
    }
    settings = settle(flags, os.environ, config)
    logs.configure(settings.log_format, settings.log_level)
    serving.warn_of_misspelt(os.environ)
    _require_zones(settings)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serving.serve(settings))


def _require_zones(settings: Settings) -> None:
    """A wrong path is said before anything else that may be wrong."""
    if settings.zones.exists():
        return
    if "zones" in settings.model_fields_set:
        raise GtmError(
            f"cannot serve {settings.zones}: there is no such file or directory; "
            "write a path that exists"
        )
    raise UsageError(
        "cannot serve without zones: there is no directory zones/ here; name yours, as in "
        "gtm serve /etc/gtm/zones, or look at gtm demo"
    )


def _loop_factory() -> Callable[[], Any] | None:
    """uvloop's where it is installed: it probes many endpoints with less CPU."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
