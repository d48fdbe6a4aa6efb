"""Lists of client networks: who may ask what, whom a limit spares.

Settings and zone files write them alike, as addresses, prefixes and a few words:
`[loopback, 192.0.2.0/24, "2001:db8::1"]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

WORDS: dict[str, tuple[str, ...]] = {
    "any": ("0.0.0.0/0", "::/0"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "none": (),
}


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks in the order that they were written in.

    `spans` has them for quick comparison: the bits of an address of the family, how many bits
    behind the prefix to leave out, and the prefix.
    """

    networks: tuple[Network, ...] = ()
    spans: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Networks:
        """Reads a list. Raises ValueError, worded for who wrote it."""
        found = tuple(network for text in texts for network in _read(text.strip()))
        return cls(found, tuple(_span(network) for network in found))

    def hold(self, bits: int, address: int) -> bool:
        """Whether an address, as a number, of the family with that many bits is in one of them."""
        return any(
            bits == family and address >> behind == prefix for family, behind, prefix in self.spans
        )

    def hold_host(self, host: str) -> bool:
        """The same for an address in text; IPv4 that came over an IPv6 socket is IPv4 again."""
        address = ip_address(host.partition("%")[0])
        mapped = address.ipv4_mapped if address.version == 6 else None
        address = mapped or address
        return self.hold(address.max_prefixlen, int(address))

    def __str__(self) -> str:
        """As people write it."""
        return ", ".join(str(network) for network in self.networks) or "none"


def _read(text: str) -> tuple[Network, ...]:
    if text in WORDS:
        return tuple(ip_network(each) for each in WORDS[text])
    try:
        return (ip_network(text),)
    except ValueError as error:
        if "host bits set" in str(error):
            whole = ip_network(text, strict=False)
            raise ValueError(f"{text} has bits behind its prefix; write {whole}") from None
        words = ", ".join(WORDS)
        raise ValueError(
            f"{text!r} is no network; write an address, a prefix as 192.0.2.0/24, or one of {words}"
        ) from None


def _span(network: Network) -> tuple[int, int, int]:
    bits = network.max_prefixlen
    behind = bits - network.prefixlen
    return bits, behind, int(network.network_address) >> behind
