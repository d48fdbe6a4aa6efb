"""The long form of zones: everything the program sees, defaults and places written out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from gtm.checks import Freeze
from gtm.dnssec import dnskey
from gtm.model import (
    EVERYONE,
    AllDown,
    App,
    Balance,
    Dnssec,
    Endpoint,
    GeoOverride,
    LatencyRules,
    Location,
    MinUp,
    Policy,
    RRset,
    Rule,
    Service,
    Steering,
    WhenAllDown,
    Zone,
)
from gtm.receivers import Guarded, Receiver, ReceiverType, Where
from gtm.zonefile import names, rdata
from gtm.zonefile.expandchecks import Named, check_tree, check_use, duration, named_checks, part
from gtm.zonefile.expandpeers import peers_tree
from gtm.zonefile.expandpublished import published
from gtm.zonefile.load import load
from gtm.zonefile.ordinary import every_rrset
from gtm.zonefile.policies import BY_COST
from gtm.zonefile.scalars import plain
from gtm.zonefile.steering import any_sticky

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def expand(path: Path) -> str:
    """The zones of a path in long form, one YAML document each.

    Shared regions and checks, master files and the SOA serial are written into each zone, so
    that a document loads by itself, to an equal zone. Raises ZoneFileError.
    """
    return "---\n".join(expanded(zone) for zone in load(path).zones)


def expanded(zone: Zone) -> str:
    """The long form of one zone as YAML text."""
    return yaml.dump(_zone(zone), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _zone(zone: Zone) -> dict[str, Any]:
    checks = named_checks(
        (
            *(region.check for region in zone.regions.values()),
            *(app.check for app in zone.apps),
            *(service.check for app in zone.apps for service in app.services),
            zone.canary,
        )
    )
    soa = zone.soa
    tree: dict[str, Any] = {"zone": zone.name, "ttl": _ttl(zone)}
    if any(
        server.addresses or not names.is_within(server.name, zone.name)
        for server in zone.nameservers
    ):
        tree["nameservers"] = {
            server.name: [str(address) for address in server.addresses]
            for server in zone.nameservers
        }
    tree["soa"] = {
        "contact": soa.contact,
        "negative_ttl": soa.negative_ttl,
        "refresh": soa.refresh,
        "retry": soa.retry,
        "expire": soa.expire,
        "ttl": soa.ttl,
        "serial": zone.serial,
    }
    tree["regions"] = {name: _region(region, checks) for name, region in zone.regions.items()}
    tree["checks"] = {name: check_tree(check, checks) for name, check in checks.items()}
    tree["alerts"] = {one.name: _receiver(one) for one in zone.alerts}
    tree |= peers_tree(zone)
    tree["apps"] = {app.name: _app(app, checks) for app in zone.apps}
    tree["load"] = {"expire": duration(zone.load.expire), "stale": zone.load.stale.value}
    tree["safety"] = {"min_regions": zone.min_regions}
    tree["geo"] = {
        "overrides": {str(override.clients): _override(override) for override in zone.overrides}
    }
    tree["latency"] = {str(one.area): dict(one.milliseconds) for one in zone.latency}
    tree["latency_feed"] = _latency_rules(zone.latency_feed)
    if zone.canary is not None:
        tree["canary"] = check_use(zone.canary, checks)
    tree["freeze"] = _freeze(zone.freeze)
    if zone.whoami.networks:
        tree["whoami"] = {"allow": [str(network) for network in zone.whoami.networks]}
    if zone.dnssec is not None:
        tree["dnssec"] = _dnssec(zone.dnssec)
    tree["records"] = _records(zone)
    return tree


def _freeze(rules: Freeze) -> dict[str, Any]:
    tree = {"share": part(rules.share), "targets": rules.targets, "regions": rules.regions}
    if rules.within is not None:
        tree["within"] = duration(rules.within)
    return tree | {"most": duration(rules.most)}


def _dnssec(dnssec: Dnssec) -> dict[str, Any]:
    return {
        "algorithm": dnssec.algorithm.value,
        "split": dnssec.split,
        "validity": duration(dnssec.validity),
        "ttl": dnssec.ttl,
        "cds": dnssec.cds,
        "parent_ttl": dnssec.parent_ttl,
        "propagation": duration(dnssec.propagation),
        "import": [dnskey.to_text(one) for one in dnssec.imports],
    }


def _ttl(zone: Zone) -> int | dict[str, int]:
    return zone.ttl if zone.min_ttl is None else {"min": zone.min_ttl, "max": zone.ttl}


def _override(override: GeoOverride) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if override.location is not None:
        tree["location"] = _location(override.location)
    if override.regions:
        tree["regions"] = list(override.regions)
    return tree


def _region(region: Any, checks: Named) -> dict[str, Any]:
    tree: dict[str, Any] = {"location": _location(region.location), "bias": region.bias}
    if region.capacity is not None:
        tree["capacity"] = region.capacity
        tree["soft"] = part(region.soft)
    if region.check is not None:
        tree["check"] = check_use(region.check, checks)
    return tree


def _location(location: Location) -> str | list[float]:
    return location.code() or [location.latitude, location.longitude]


def _latency_rules(rules: LatencyRules) -> dict[str, Any]:
    return {
        "use": rules.use,
        "samples": rules.samples,
        "reporters": rules.reporters,
        "networks": rules.networks,
        "expire": duration(rules.expire),
    }


def _receiver(receiver: Receiver) -> dict[str, Any]:
    tree: dict[str, Any] = {"type": receiver.type.value, **_guarded("url", receiver.url)}
    if receiver.secret is not None:
        is_key = receiver.type is ReceiverType.PAGERDUTY
        tree |= _guarded("key" if is_key else "secret", receiver.secret)
    tree |= {
        "on": [kind.value for kind in receiver.kinds],
        "severity": receiver.severity.word,
        "regions": list(receiver.regions),
        "apps": list(receiver.apps),
        "group_wait": duration(receiver.group_wait),
    }
    if receiver.type is not ReceiverType.ALERTMANAGER:
        tree["repeat"] = duration(receiver.repeat)
    return tree | {
        "burst": receiver.burst,
        "pace": duration(receiver.pace),
        "timeout": duration(receiver.timeout),
        "proxy": receiver.proxy,
    }


def _guarded(key: str, guarded: Guarded) -> dict[str, str]:
    """The key that says where a value stands, as it was written."""
    ending = "" if guarded.where is Where.HERE else f"_{guarded.where.value}"
    return {key + ending: guarded.value}


def _app(app: App, checks: Named) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "topology": app.topology.value,
        "steering": _app_steering(app),
    }
    if app.check is not None:
        tree["check"] = check_use(app.check, checks)
    tree["min_up"] = _min_up(app.min_up)
    tree["balance"] = app.balance.value
    if app.answers is not None:
        tree["answers"] = app.answers
    tree["when_all_down"] = _last_resort(app.when_all_down)
    tree["panic"] = part(app.panic)
    tree["ramp"] = duration(app.ramp)
    tree["services"] = {
        service.key: {**_settings(app, service, checks), **_service(service)}
        for service in app.services
    }
    return tree


def _min_up(min_up: MinUp) -> str | int:
    return str(min_up) if min_up.percent else min_up.value


def _settings(app: App, service: Service, checks: Named) -> dict[str, Any]:
    """The settings that a service has in place of its app's."""
    tree: dict[str, Any] = {}
    if service.steering is not None:
        tree["steering"] = _steering_of(app.settled_for(service))
    if service.check is not None:
        tree["check"] = check_use(service.check, checks)
    if service.min_up is not None:
        tree["min_up"] = _min_up(service.min_up)
    if service.balance is not None:
        tree["balance"] = service.balance.value
    if service.answers is not None:
        tree["answers"] = service.answers
    if service.ttl is not None:
        tree["ttl"] = service.ttl
    if service.published is not None:
        tree |= published(service.published)
    return tree


def _service(service: Service) -> dict[str, Any]:
    tree: dict[str, Any] = {"optional": service.optional}
    for region, endpoints in service.endpoints.items():
        tree[region] = [_endpoint(endpoint) for endpoint in endpoints]
    return tree


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    tree: dict[str, Any] = {"address": str(endpoint)}
    if not endpoint.is_host:
        tree |= {"weight": endpoint.weight, "backup": endpoint.backup}
    return tree


def _last_resort(last_resort: WhenAllDown) -> str | list[str]:
    if last_resort.mode is AllDown.ADDRESSES:
        return [str(address) for address in last_resort.addresses]
    return str(last_resort.mode.value)


def _app_steering(app: App) -> dict[str, Any]:
    hashed = (service for service in app.services if service.balance is Balance.HASH)
    hashes = next(hashed, None) is not None
    return _steering_of(replace(app, balance=Balance.HASH) if hashes else app)


def _steering_of(app: App) -> dict[str, Any]:
    tree = _steering(app.steering)
    if app.balance is Balance.HASH or any_sticky(app.steering):
        tree["prefix"] = {"v4": app.steering.prefix4, "v6": app.steering.prefix6}
    return tree


def _steering(steering: Steering) -> dict[str, Any]:
    """The keys that say something for the policy, defaults written out."""
    policy = steering.policy
    tree: dict[str, Any] = {"policy": policy.value}
    if policy is Policy.GEO:
        tree["rules"] = [_rule(rule) for rule in steering.rules]
    if steering.order:
        tree["order"] = list(steering.order)
    if steering.regions is not None:
        tree["regions"] = list(steering.regions)
    elif policy not in (Policy.GEO, Policy.STICKY):
        tree["regions"] = steering.answered
    if policy in BY_COST:
        tree["within"] = part(steering.within)
        tree["latency_weight"] = steering.latency_weight
    if policy is Policy.FAILOVER:
        tree["trickle"] = part(steering.trickle)
    if steering.weights:
        tree["weights"] = dict(steering.weights)
    if policy in (Policy.WEIGHTED, Policy.LEAST_LOAD) or steering.within or steering.trickle:
        tree["draw"] = steering.draw.value
    if steering.fence:
        tree["fence"] = [str(code) for code in steering.fence]
    if steering.otherwise is not None:
        tree["otherwise"] = _steering(steering.otherwise)
    return tree


def _rule(rule: Rule) -> dict[str, Any]:
    match = [EVERYONE.value if one is EVERYONE else str(one) for one in rule.match]
    return {"match": match, **_steering(rule.steering)}


def _records(zone: Zone) -> dict[str, Any]:
    tree: dict[str, list[dict[str, Any]]] = {}
    for rrset in every_rrset(zone):
        tree.setdefault(rrset.name, []).append(_record(rrset))
    return tree


def _record(rrset: RRset) -> dict[str, Any]:
    return {
        "type": rdata.type_name(rrset.type),
        "ttl": rrset.ttl,
        "values": [rdata.to_text(rrset.type, wire) for wire in rrset.rdata],
    }


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some YAML reader could take for something else, and has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    resolved = yaml.SafeDumper.yaml_implicit_resolvers.get(text[:1], [])
    ambiguous = any(pattern.match(text) for _, pattern in resolved) or plain(text) != text
    style = None if _BARE.fullmatch(text) and not ambiguous else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
