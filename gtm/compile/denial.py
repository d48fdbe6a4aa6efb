"""What signed zones deny by: the NSEC chain, and NSECs of names that answer others otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gtm.dns.names import ancestors, order
from gtm.dns.proofs import EVERY
from gtm.dns.types import Type
from gtm.dnssec.canonical import successor
from gtm.dnssec.nsec import nsec_data
from gtm.dnssec.signatures import Signer
from gtm.snapshot import Node, RRset, Secure


def chained(apex: bytes, nodes: Mapping[bytes, Node], signer: Signer, ttl: int) -> Secure:
    """The NSEC chain (RFC 4035 section 2.3) over all names of a zone; `ttl` is RFC 9077's.

    Names below cuts and DNAMEs are not in it, nor are those that have nothing of their own.
    """
    hiding = {name for name, node in nodes.items() if node.cut or Type.DNAME in node.rrsets}
    owners = [name for name, node in nodes.items() if types_at(node) and _is_seen(name, hiding)]
    owners.sort(key=order)
    nsecs = []
    for name, following in zip(owners, [*owners[1:], apex], strict=True):
        data = nsec_data(following, types_at(nodes[name]))
        nsecs.append(signer.sign(name, RRset(Type.NSEC, ttl, (data,)), ttl))
    return Secure(tuple(owners), tuple(nsecs))


def _is_seen(name: bytes, hiding: Collection[bytes]) -> bool:
    """Whether nothing above a name hides it."""
    return not hiding or not any(above in hiding for above in ancestors(name) if above != name)


def types_at(node: Node) -> Collection[int]:
    """The types that a name has, or may have for somebody at some time.

    Of a cut only those that are the parent's to say: NS and DS (RFC 4035 section 2.3). A name that
    is a CNAME for some only must not be said to be one: other types there could not be denied.
    """
    if node.cut:
        return node.rrsets.keys() & {Type.NS, Type.DS}
    if node.steered is None:
        return node.rrsets.keys()
    return node.rrsets.keys() | _said(node.steered.types)


def _said(steered: Collection[int]) -> Collection[int]:
    return set(steered) - {Type.CNAME} if len(steered) > 1 else steered


def lacking(
    name: bytes, node: Node, always: bool, signer: Signer, ttl: int
) -> Mapping[int, RRset] | None:
    """The NSECs by which a steered name denies what it has for others, signed; None without any.

    `always` says that it never has nothing. They cover no other name, and have no CNAME: who is
    denied by one is not to be sent after it.
    """
    types = frozenset() if node.steered is None else node.steered.types
    if len(types) == 1 and always:
        return None
    said = frozenset(types_at(node)) - {Type.CNAME}
    denied = [rrtype for rrtype in types if rrtype != Type.CNAME]
    if Type.CNAME in types:
        denied.append(EVERY)
    following = successor(name)
    return {
        rrtype: signer.sign(
            name, RRset(Type.NSEC, ttl, (nsec_data(following, said - {rrtype}),)), ttl
        )
        for rrtype in denied
    }
