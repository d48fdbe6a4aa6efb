"""What clients may take of streams: TCP, TLS and HTTPS alike. Rust has the same in tcp.rs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from gtm.dns import conduct

# At once, over TCP, and as many over TLS and HTTPS together: each is a file and some kilobytes.
# For one more, the longest idle is closed.
CONNECTIONS = 1000
# At once of one client (RFC 7766 section 6.2.2): resolvers keep a handful open.
PER_CLIENT = 100
# A client is an IPv4 address, or an IPv6 network of this length, which one site has (RFC 6177):
# its 2^72 addresses are one client's to use.
PREFIX6 = 56
# Seconds without a query until the server closes (RFC 7766 section 6.2.3).
IDLE = conduct.IDLE
# The same once another process accepts connections instead; Rust has it in tcp.rs.
LEAVING = 1.0
# Seconds that one connection may last: none keeps an old certificate, or a place, for ever.
LIFETIME = 3600.0
# Octets of answers that wait for a client; with more, nothing is read from it.
UNSENT = 1 << 16
# Seconds from the connection to the first octet of DNS or HTTP: the PROXY header and the TLS
# handshake, two round trips, lie between.
HANDSHAKE = 5.0
# Connections at once that are not that far; for one more, the oldest is closed, so that a flood
# of half-open ones costs them and leaves the others alone.
HANDSHAKES = 200
# Octets that a client may send until its handshake is done: its largest flight, with a long
# list of session tickets and certificates, is a quarter of this.
GREETING = 1 << 16
# Octets read at once: the largest TLS record, so that no client holds up the others.
READ = 1 << 14
# Seconds between two looks for idle connections.
SWEEP = 1.0


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Those that operators set. Times are seconds."""

    connections: int = CONNECTIONS
    per_client: int = PER_CLIENT
    idle: float = IDLE
    lifetime: float = LIFETIME


def client_of(host: str) -> str:
    """Whom connections of an address are counted for: it, or the network of its site."""
    if ":" not in host:
        return host
    address = int(ip_address(host.partition("%")[0]))
    return f"{address >> (128 - PREFIX6):x}/{PREFIX6}"
