"""The long form of `tsig`, `transfer` and `updates`."""

from __future__ import annotations

from typing import Any

from gtm.model import Zone
from gtm.peering import Party, Secondary, TsigKey
from gtm.receivers import Where
from gtm.zonefile import rdata


def peers_tree(zone: Zone) -> dict[str, Any]:
    """The keys of a zone's file that it has by whom it is shared with."""
    tree: dict[str, Any] = {}
    if zone.tsig:
        tree["tsig"] = {_word(key.name): _key(key) for key in zone.tsig}
    if zone.transfer is not None:
        tree["transfer"] = {
            "to": [_party(one) for one in zone.transfer.to],
            "notify": [_secondary(one) for one in zone.transfer.notify],
            "when_transferred": zone.transfer.view.value,
        }
    if zone.updates:
        tree["updates"] = {
            _word(one.key): {
                "names": list(one.names),
                "types": [rdata.type_name(number) for number in sorted(one.types)],
            }
            for one in zone.updates
        }
    return tree


def _word(name: str) -> str:
    return name.removesuffix(".")


def _key(key: TsigKey) -> dict[str, Any]:
    where = "secret_file" if key.secret.where is Where.FILE else "secret_env"
    return {"algorithm": key.algorithm.value, where: key.secret.value}


def _party(party: Party) -> str | dict[str, str]:
    if party.key is None:
        return str(party.network)
    network = {} if party.network is None else {"network": str(party.network)}
    return network | {"key": _word(party.key)}


def _secondary(one: Secondary) -> str | dict[str, str]:
    return str(one) if one.key is None else {"address": str(one), "key": _word(one.key)}
