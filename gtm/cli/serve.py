"""`gtm serve`: the name server itself, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gtm.cli.options import Geoip
from gtm.errors import GtmError, UsageError

if TYPE_CHECKING:
    from gtm.settings import Settings

NETWORK = "Where it listens"
API = "Dashboard, API and metrics"
RUNNING = "How it runs"
QUERY_LOG = "The query log (off by default)"
ABUSE = "What it tells of itself, and what clients get"


def serve(
    zones: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ZONES]",
            help="A directory of zone files, or one zone file. [dim]Default: zones[/]",
            show_default=False,
        ),
    ] = None,
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDR:PORT",
            help="Answer DNS here, over UDP and TCP; can be given again. "
            "[dim]Default: 127.0.0.1:5300 and [::1]:5300[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    tls: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDR:PORT",
            help="Answer DNS over TLS here (DoT); can be given again. [dim]Usual port: 853[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    https: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDR:PORT",
            help="Answer DNS over HTTPS here (DoH), at /dns-query; can be given again. "
            "[dim]Usual port: 443[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For --tls and --https: certificate and chain (PEM); taken anew when renewed.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    certificate_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Its private key (PEM), others' eyes kept off. [dim]Default: in --certificate[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    proxy_from: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Balancers that say in a PROXY protocol header (version 2) whom a query is from, "
            "and must; can be given again.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    connections: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Connections at once over TCP, and as many over TLS and HTTPS. "
            "[dim]Default: 1000[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    connections_per_client: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Of these, from one IPv4 address or IPv6 /56. [dim]Default: 100[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    idle: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Close a connection after so long without a query. [dim]Default: 10[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    lifetime: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Close a connection after so long in any case. [dim]Default: 3600[/]",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    xdp: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IFACE",
            help="Take UDP to the --listen addresses off this interface before the kernel's "
            "sockets do (AF_XDP): half the CPU a query. Needs root; can be given again.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    api: Annotated[
        list[str] | None,
        typer.Option(
            metavar="unix:PATH|[https://]ADDR:PORT",
            help="Serve dashboard, API and metrics here; can be given again. The Unix socket is "
            "always there, for gtm status and the like.",
            rich_help_panel=API,
        ),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who may call the API over TCP, as gtm keys token makes it. [dim]Default: "
            "tokens.json in the state directory; without one, loopback alone[/]",
            rich_help_panel=API,
        ),
    ] = None,
    api_certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For https:// of --api: certificate and chain (PEM); taken anew when renewed. "
            "[dim]Default: --certificate[/]",
            rich_help_panel=API,
        ),
    ] = None,
    api_certificate_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Its private key (PEM), others' eyes kept off. [dim]Default: in "
            "--api-certificate[/]",
            rich_help_panel=API,
        ),
    ] = None,
    api_plaintext: Annotated[
        bool | None,
        typer.Option(
            "--api-plaintext",
            help="Serve the API beyond loopback without TLS: behind a proxy that ends it, or in a "
            "network of its own. Tokens are needed all the same.",
            rich_help_panel=API,
        ),
    ] = None,
    geoip: Geoip = None,
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to keep what outlives a restart.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the keys of signed zones are. [dim]Default: keys in the state directory[/]",
            show_default=False,
        ),
    ] = None,
    plane: Annotated[
        str | None,
        typer.Option(
            metavar="auto|native|python",
            help="What answers packets: threads of Rust, or Python's. [dim]Default: auto, native "
            "where it was built[/]",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Threads of the native plane on each UDP address. "
            "[dim]Default: one for each core, at most 4[/]",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Become this user once ports are bound.", rich_help_panel=RUNNING
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|hostname",
            help="What NSID answers (dig +nsid), so that servers of a fleet are told apart. "
            "[dim]Default: nothing[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    tell_version: Annotated[
        bool | None,
        typer.Option(
            "--tell-version",
            help="Answer version.bind (CHAOS TXT) with the version.",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    chaos_allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Answer version.bind, id.server and the like to this network alone (or any, "
            "loopback, none); can be given again. [dim]Default: any[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    cookie_secrets: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Secrets of DNS cookies that a fleet shares: lines of 32 hex digits, the first "
            "makes new ones. [dim]Default: one of its own, made at the start[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    rate_limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Answers a second over UDP to each client network; 0: any number. "
            "[dim]Default: 1000[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    rate_limit_slip: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Of answers over the limit one in N asks the client to use TCP, the others are "
            "dropped; 0: all are. [dim]Default: 2[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    rate_limit_ipv4_prefix: Annotated[
        int | None,
        typer.Option(
            metavar="LENGTH",
            help="Which IPv4 addresses are one client network. [dim]Default: 24[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    rate_limit_ipv6_prefix: Annotated[
        int | None,
        typer.Option(
            metavar="LENGTH",
            help="The same of IPv6. [dim]Default: 56[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    rate_limit_allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NETWORK",
            help="Never limit this network (or any, loopback, none); can be given again. "
            "[dim]Default: loopback[/]",
            rich_help_panel=ABUSE,
        ),
    ] = None,
    query_log: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|unix:PATH",
            help="Write what is asked and answered here, a line of JSON each.",
            rich_help_panel=QUERY_LOG,
        ),
    ] = None,
    query_log_format: Annotated[
        str | None,
        typer.Option(metavar="json|dnstap", help="How it is written.", rich_help_panel=QUERY_LOG),
    ] = None,
    query_log_every: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Write every N-th answer alone. [dim]Default: 1, all[/]",
            rich_help_panel=QUERY_LOG,
        ),
    ] = None,
    query_log_clients: Annotated[
        str | None,
        typer.Option(
            metavar="network|address",
            help="What is told of clients. [dim]Default: their network, /24 or /56[/]",
            rich_help_panel=QUERY_LOG,
        ),
    ] = None,
    no_exec: Annotated[
        bool | None,
        typer.Option(
            "--no-exec",
            help="Run no programs for exec checks, whatever zone files say.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    takeover: Annotated[
        bool | None,
        typer.Option(
            "--takeover",
            help="Take over from the gtm whose API is at the same Unix socket: it answers until "
            "this one does, and no query is lost.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="gtm.yaml", help="A file with any of these options.", rich_help_panel=RUNNING
        ),
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            metavar="auto|console|json",
            help="auto: lines on a terminal, JSON elsewhere.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            metavar="debug|info|warning|error",
            help="The least that is logged.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
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
