"""The peers, by name; a new one is a file here and a line below."""

from __future__ import annotations

from bench.peers.base import Peer
from bench.peers.echo import Echo
from bench.peers.gdnsd import Gdnsd
from bench.peers.gtm import Gtm

PEERS: dict[str, Peer] = {peer.name: peer for peer in (Gtm(), Gtm("python"), Gdnsd(), Echo())}
