"""The options of `gtm serve`, in the panels that its help shows them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NETWORK = "Where it listens"
API = "Dashboard, API and metrics"
RUNNING = "How it runs"
QUERY_LOG = "The query log (off by default)"
ABUSE = "What it tells of itself, and what clients get"

Zones = Annotated[
    Path | None,
    typer.Argument(
        metavar="[ZONES]",
        help="A directory of zone files, or one zone file. [dim]Default: zones[/]",
        show_default=False,
    ),
]
Listen = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDR:PORT",
        help="Answer DNS here, over UDP and TCP; can be given again. "
        "[dim]Default: 127.0.0.1:5300 and [::1]:5300[/]",
        rich_help_panel=NETWORK,
    ),
]
Tls = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDR:PORT",
        help="Answer DNS over TLS here (DoT); can be given again. [dim]Usual port: 853[/]",
        rich_help_panel=NETWORK,
    ),
]
Https = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ADDR:PORT",
        help="Answer DNS over HTTPS here (DoH), at /dns-query; can be given again. "
        "[dim]Usual port: 443[/]",
        rich_help_panel=NETWORK,
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="For --tls and --https: certificate and chain (PEM); taken anew when renewed.",
        rich_help_panel=NETWORK,
    ),
]
CertificateKey = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Its private key (PEM), others' eyes kept off. [dim]Default: in --certificate[/]",
        rich_help_panel=NETWORK,
    ),
]
ProxyFrom = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NETWORK",
        help="Balancers that say in a PROXY protocol header (version 2) whom a query is from, "
        "and must; can be given again.",
        rich_help_panel=NETWORK,
    ),
]
Connections = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Connections at once over TCP, and as many over TLS and HTTPS. [dim]Default: 1000[/]",
        rich_help_panel=NETWORK,
    ),
]
ConnectionsPerClient = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Of these, from one IPv4 address or IPv6 /56. [dim]Default: 100[/]",
        rich_help_panel=NETWORK,
    ),
]
Idle = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Close a connection after so long without a query. [dim]Default: 10[/]",
        rich_help_panel=NETWORK,
    ),
]
Lifetime = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Close a connection after so long in any case. [dim]Default: 3600[/]",
        rich_help_panel=NETWORK,
    ),
]
Xdp = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IFACE",
        help="Take UDP to the --listen addresses off this interface before the kernel's "
        "sockets do (AF_XDP): half the CPU a query. Needs root; can be given again.",
        rich_help_panel=NETWORK,
    ),
]
Api = Annotated[
    list[str] | None,
    typer.Option(
        metavar="unix:PATH|[https://]ADDR:PORT",
        help="Serve dashboard, API and metrics here; can be given again. The Unix socket is "
        "always there, for gtm status and the like.",
        rich_help_panel=API,
    ),
]
Tokens = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Who may call the API over TCP, as gtm keys token makes it. [dim]Default: "
        "tokens.json in the state directory; without one, loopback alone[/]",
        rich_help_panel=API,
    ),
]
ApiCertificate = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="For https:// of --api: certificate and chain (PEM); taken anew when renewed. "
        "[dim]Default: --certificate[/]",
        rich_help_panel=API,
    ),
]
ApiCertificateKey = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Its private key (PEM), others' eyes kept off. [dim]Default: in --api-certificate[/]",
        rich_help_panel=API,
    ),
]
ApiPlaintext = Annotated[
    bool | None,
    typer.Option(
        "--api-plaintext",
        help="Serve the API beyond loopback without TLS: behind a proxy that ends it, or in a "
        "network of its own. Tokens are needed all the same.",
        rich_help_panel=API,
    ),
]
State = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where to keep what outlives a restart.")
]
Keys = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where the keys of signed zones are. [dim]Default: keys in the state directory[/]",
        show_default=False,
    ),
]
Plane = Annotated[
    str | None,
    typer.Option(
        metavar="auto|native|python",
        help="What answers packets: threads of Rust, or Python's. [dim]Default: auto, native "
        "where it was built[/]",
        rich_help_panel=RUNNING,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Threads of the native plane on each UDP address. "
        "[dim]Default: one for each core, at most 4[/]",
        rich_help_panel=RUNNING,
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Become this user once ports are bound.", rich_help_panel=RUNNING
    ),
]
Identity = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|hostname",
        help="What NSID answers (dig +nsid), so that servers of a fleet are told apart. "
        "[dim]Default: nothing[/]",
        rich_help_panel=ABUSE,
    ),
]
TellVersion = Annotated[
    bool | None,
    typer.Option(
        "--tell-version",
        help="Answer version.bind (CHAOS TXT) with the version.",
        rich_help_panel=ABUSE,
    ),
]
ChaosAllow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NETWORK",
        help="Answer version.bind, id.server and the like to this network alone (or any, "
        "loopback, none); can be given again. [dim]Default: any[/]",
        rich_help_panel=ABUSE,
    ),
]
CookieSecrets = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Secrets of DNS cookies that a fleet shares: lines of 32 hex digits, the first "
        "makes new ones. [dim]Default: one of its own, made at the start[/]",
        rich_help_panel=ABUSE,
    ),
]
RateLimit = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Answers a second over UDP to each client network; 0: any number. "
        "[dim]Default: 1000[/]",
        rich_help_panel=ABUSE,
    ),
]
RateLimitSlip = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Of answers over the limit one in N asks the client to use TCP, the others are "
        "dropped; 0: all are. [dim]Default: 2[/]",
        rich_help_panel=ABUSE,
    ),
]
RateLimitIpv4Prefix = Annotated[
    int | None,
    typer.Option(
        metavar="LENGTH",
        help="Which IPv4 addresses are one client network. [dim]Default: 24[/]",
        rich_help_panel=ABUSE,
    ),
]
RateLimitIpv6Prefix = Annotated[
    int | None,
    typer.Option(
        metavar="LENGTH",
        help="The same of IPv6. [dim]Default: 56[/]",
        rich_help_panel=ABUSE,
    ),
]
RateLimitAllow = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NETWORK",
        help="Never limit this network (or any, loopback, none); can be given again. "
        "[dim]Default: loopback[/]",
        rich_help_panel=ABUSE,
    ),
]
QueryLog = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|unix:PATH",
        help="Write what is asked and answered here, a line of JSON each.",
        rich_help_panel=QUERY_LOG,
    ),
]
QueryLogFormat = Annotated[
    str | None,
    typer.Option(metavar="json|dnstap", help="How it is written.", rich_help_panel=QUERY_LOG),
]
QueryLogEvery = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Write every N-th answer alone. [dim]Default: 1, all[/]",
        rich_help_panel=QUERY_LOG,
    ),
]
QueryLogClients = Annotated[
    str | None,
    typer.Option(
        metavar="network|address",
        help="What is told of clients. [dim]Default: their network, /24 or /56[/]",
        rich_help_panel=QUERY_LOG,
    ),
]
NoExec = Annotated[
    bool | None,
    typer.Option(
        "--no-exec",
        help="Run no programs for exec checks, whatever zone files say.",
        rich_help_panel=RUNNING,
    ),
]
Takeover = Annotated[
    bool | None,
    typer.Option(
        "--takeover",
        help="Take over from the gtm whose API is at the same Unix socket: it answers until "
        "this one does, and no query is lost.",
        rich_help_panel=RUNNING,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="gtm.yaml", help="A file with any of these options.", rich_help_panel=RUNNING
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        metavar="auto|console|json",
        help="auto: lines on a terminal, JSON elsewhere.",
        rich_help_panel=RUNNING,
    ),
]
LogLevel = Annotated[
    str | None,
    typer.Option(
        metavar="debug|info|warning|error",
        help="The least that is logged.",
        rich_help_panel=RUNNING,
    ),
]
