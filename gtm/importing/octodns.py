"""octoDNS zone files: records as they stand, dynamic ones as services.

A pool becomes a region, a rule one of the policy `geo`, a health check a check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gtm.errors import GtmError
from gtm.importing.draft import Draft

DYNAMIC = ("A", "AAAA")
_LEFT_OUT = {"octodns", "lenient", "geo", "dynamic"}
_DEFAULT_CHECK = {"protocol": "HTTPS", "path": "/_dns", "port": 443}  # octoDNS's own
_LONGEST_CHAIN = 20  # pools that fall back on each other


def from_octodns(text: str, zone: str) -> Draft:
    """The zone of an octoDNS file, which does not say its name. Raises GtmError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GtmError(f"cannot import the octoDNS file: {error}") from error
    if not isinstance(document, dict):
        raise GtmError("cannot import the octoDNS file: it must hold names and their records")
    draft = Draft(zone)
    for name, records in document.items():
        for record in records if isinstance(records, list) else [records]:
            if not isinstance(record, dict) or "type" not in record:
                raise GtmError(f"cannot import the octoDNS file: {name!r} holds no record")
            _record(draft, str(name), record)
    draft.settle()
    return draft


def _record(draft: Draft, name: str, record: Mapping[str, Any]) -> None:
    kind = str(record["type"]).upper()
    dynamic = record.get("dynamic")
    if name == "" and kind == "NS":
        for server in _values(record):
            draft.nameservers[str(server)] = []
            draft.note("name servers were taken as they stand: add addresses of those inside")
        return
    if isinstance(dynamic, dict) and kind in DYNAMIC and name:
        _service(draft, name, record, dynamic)
        return
    if "dynamic" in record or "geo" in record:
        word = "dynamic" if "dynamic" in record else "geo"
        draft.note(f"{name or '@'} {kind}: its `{word}` was left out, its values were kept")
    if kind == "ALIAS":
        draft.note(f"{name or '@'}: ALIAS was left out; a service can stand at the apex instead")
        return
    kept = {key: value for key, value in record.items() if key not in _LEFT_OUT}
    draft.records.setdefault(name, []).append(kept)


def _values(record: Mapping[str, Any]) -> list[Any]:
    found = record.get("values", record.get("value", []))
    return found if isinstance(found, list) else [found]


def _service(
    draft: Draft, name: str, record: Mapping[str, Any], dynamic: Mapping[str, Any]
) -> None:
    pools, rules = dynamic.get("pools"), dynamic.get("rules")
    if not isinstance(pools, dict) or not isinstance(rules, list):
        raise GtmError(f"cannot import the octoDNS file: {name!r}: `dynamic` lacks pools or rules")
    steering = {"policy": "geo", "rules": [_rule(rule, pools) for rule in rules]}
    _locate(draft, rules, pools)
    endpoints = {str(pool): list(_endpoints(draft, name, held)) for pool, held in pools.items()}
    app = draft.apps.get(name)
    if app is not None:  # A and AAAA of one name are one service
        if app["steering"] != steering:
            draft.note(f"{name}: A and AAAA are steered differently; the first one's rules stand")
        services = app["services"]
        held = services[name] if isinstance(services, dict) else {}
        for pool, more in endpoints.items():
            held.setdefault(pool, []).extend(more)
        return
    made: dict[str, object] = {"topology": "spread", "steering": steering}
    if any(
        isinstance(each, dict) and "weight" in each for many in endpoints.values() for each in many
    ):
        made["balance"] = "round_robin"
    made["check"] = _check(draft, record)
    if "ttl" in record:
        draft.ttl = min(int(record["ttl"]), draft.ttl or int(record["ttl"]))
        draft.note("`ttl` is the lowest of the dynamic records'")
    draft.apps[name] = made | {"services": {name: endpoints}}


def _rule(rule: Mapping[str, Any], pools: Mapping[str, Any]) -> dict[str, object]:
    match = [*map(str, rule.get("subnets", [])), *map(str, rule.get("geos", []))]
    regions = list(_chain(str(rule.get("pool")), pools))
    return {"match": match, "regions": regions} if match else {"regions": regions}


def _chain(pool: str, pools: Mapping[str, Any]) -> Iterator[str]:
    """A pool and those that it falls back on."""
    seen: list[str] = []
    while pool in pools and pool not in seen and len(seen) < _LONGEST_CHAIN:
        seen.append(pool)
        yield pool
        held = pools[pool]
        pool = str(held.get("fallback")) if isinstance(held, dict) else ""


def _locate(draft: Draft, rules: list[Any], pools: Mapping[str, Any]) -> None:
    codes = {str(rule.get("pool")): str(geo) for rule in rules for geo in rule.get("geos", [])[:1]}
    for pool in pools:
        draft.locate(str(pool), codes.get(str(pool)))


def _endpoints(draft: Draft, name: str, held: Any) -> Iterator[object]:
    values = held.get("values", []) if isinstance(held, dict) else []
    for value in values:
        if value.get("status") in ("up", "down"):
            draft.note(f"{name}: `status: {value['status']}` of {value['value']} was left out")
        weight = value.get("weight", 1)
        address = str(value["value"])
        yield address if weight == 1 else {"address": address, "weight": weight}


def _check(draft: Draft, record: Mapping[str, Any]) -> str:
    """The record's health check, by the name under which the draft has it."""
    options = record.get("octodns")
    told = options.get("healthcheck") if isinstance(options, dict) else None
    settings = _DEFAULT_CHECK | (told if isinstance(told, dict) else {})
    kind = str(settings["protocol"]).lower()
    made: dict[str, object] = {"type": kind if kind in ("http", "https", "tcp") else "tcp"}
    if made["type"] != "tcp":
        made["path"] = str(settings["path"])
        if "host" in settings:
            made["host"] = str(settings["host"])
    made["port"] = int(str(settings["port"]))
    for name, known in draft.checks.items():
        if known == made:
            return name
    name = "check" if not draft.checks else f"check-{len(draft.checks) + 1}"
    draft.checks[name] = made
    return name
