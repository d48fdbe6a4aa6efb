"""What carries a message: rules of DNS that differ between them."""

from __future__ import annotations

from enum import Enum


class Transport(Enum):
    """A transport of DNS messages, by the name it has in metrics."""

    UDP = "udp"  # RFC 1035 section 4.2.1
    TCP = "tcp"  # RFC 7766
    TLS = "tls"  # RFC 7858
    HTTPS = "https"  # RFC 8484

    udp: bool  # answers are bounded by what the client takes, and senders may be forged
    encrypted: bool  # nobody on the path reads it, but all see how long messages are

    def __init__(self, name: str) -> None:
        """Plain attributes, as a property would cost the fast path a call."""
        self.udp = name == "udp"
        self.encrypted = name in ("tls", "https")

    @staticmethod
    def plain(udp: bool) -> Transport:
        """That of a packet that came over no encrypted one."""
        return Transport.UDP if udp else Transport.TCP
