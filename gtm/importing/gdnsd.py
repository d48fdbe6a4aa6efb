"""gdnsd: its configuration's plugins and one of its zone files.

A datacenter becomes a region, a map of places the policy `geo`, `metafo` the policy `failover`, and
what stands for one datacenter (addresses, multifo, weighted, simplefo) its endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gtm.errors import GtmError
from gtm.importing.bind import from_master_file
from gtm.importing.draft import Draft
from gtm.importing.vscf import parsed

HERE = "here"  # the region of resources that know no datacenters
TTL = 3600  # seconds, gdnsd's zones_default_ttl where it is not 86400: what a file lacks is rare

_DYNAMIC = re.compile(
    r"^(?P<name>\S+)?\s+(?:(?P<ttl>\d+)(?:/\d+)?\s+)?(?:IN\s+)?DYN[AC]\s+(?P<resource>\S+)",
    re.MULTILINE | re.IGNORECASE,
)
_PROBES = {"http_status": "http", "tcp_connect": "tcp", "extmon": "exec"}
_PLAIN_KEYS = {"service_types", "up_thresh", "multi", "ignore_health", "v4_up_thresh"}

Endpoints = list[object]


@dataclass(frozen=True, slots=True)
class Resource:
    """What a name is answered by: steering between regions, and the endpoints of each."""

    steering: object
    regions: Mapping[str, Endpoints]
    check: str | None
    weighted: bool


def from_gdnsd(config: str, zone_text: str, zone: str) -> Draft:
    """The zone with its dynamic names as services. Raises GtmError."""
    plugins = _hash(parsed(config), "plugins")
    services = parsed(config).get("service_types")
    dynamic: list[tuple[str, int | None, str]] = []
    name = "@"
    for found in _DYNAMIC.finditer(zone_text):
        name = found["name"] or name
        dynamic.append((name, int(found["ttl"]) if found["ttl"] else None, found["resource"]))
    draft = from_master_file(f"$TTL {TTL}\n{_DYNAMIC.sub('', zone_text)}", zone)
    reading = _Reading(draft, plugins, services if isinstance(services, dict) else {})
    for name, ttl, resource in dynamic:
        reading.service(name, ttl, resource)
    return draft


class _Reading:
    """One zone's names against the plugins of the configuration."""

    def __init__(
        self, draft: Draft, plugins: Mapping[str, object], services: Mapping[str, object]
    ) -> None:
        self._draft = draft
        self._plugins = plugins
        self._services = services

    def service(self, name: str, ttl: int | None, word: str) -> None:
        """A name with DYNA or DYNC, which answers by `plugin!resource`."""
        draft = self._draft
        if name == "@":
            draft.note(f"@ {word}: left out; a service can stand at the apex with `alias`")
            return
        plugin, _, rest = word.partition("!")
        found = self._resource(plugin, rest.split("/")[0], word)
        app: dict[str, object] = {"topology": "spread", "steering": found.steering}
        app |= {"balance": "round_robin"} if found.weighted else {}
        app |= {"check": found.check} if found.check else {}
        short = name.removesuffix("." + draft.zone).rstrip(".")
        draft.apps[short] = app | {"services": {short: dict(found.regions)}}
        if ttl is not None:
            draft.ttl = min(ttl, draft.ttl or ttl)

    def _resource(self, plugin: str, name: str, word: str) -> Resource:
        held = _hash(self._plugins, plugin)
        resources = held.get("resources", held)
        told = resources.get(name) if isinstance(resources, dict) else None
        if told is None:
            raise GtmError(f"cannot import {word}: plugin {plugin} has no such resource")
        if plugin in ("geoip", "metafo"):
            if not isinstance(told, dict):
                raise GtmError(f"cannot import {word}: it has no dcmap")
            return self._by_datacenter(plugin, held, told, word)
        endpoints, weighted = self._endpoints(plugin, told, word)
        self._draft.locate(HERE, None)
        return Resource("nearest", {HERE: endpoints}, self._check(told), weighted)

    def _by_datacenter(
        self, plugin: str, held: Mapping[str, object], told: Mapping[str, object], word: str
    ) -> Resource:
        places = _hash(told, "dcmap", word)
        regions: dict[str, Endpoints] = {}
        weighted = False
        check = self._check(told)
        for datacenter, what in places.items():
            regions[datacenter], by_weight = self._behind(what, word)
            weighted = weighted or by_weight
            if check is None and isinstance(what, dict):
                check = self._check(what)
        if plugin == "metafo":
            order = [str(each) for each in _list(told.get("datacenters"))] or list(regions)
            for datacenter in regions:
                self._draft.locate(datacenter, None)
            return Resource({"policy": "failover", "order": order}, regions, check, weighted)
        mapped = _hash(_hash(held, "maps", word), str(told.get("map")), word)
        steering = {"policy": "geo", "rules": list(_rules(mapped, regions))}
        self._locate(mapped, regions, steering["rules"])
        return Resource(steering, regions, check, weighted)

    def _locate(
        self, mapped: Mapping[str, object], regions: Mapping[str, object], rules: object
    ) -> None:
        coordinates = mapped.get("auto_dc_coords")
        known = coordinates if isinstance(coordinates, dict) else {}
        for datacenter in regions:
            place = [float(str(each)) for each in _list(known.get(datacenter))]
            if len(place) == 2:
                self._draft.regions.setdefault(datacenter, {"location": place})
                continue
            codes = [
                str(rule["match"])
                for rule in _list(rules)
                if isinstance(rule, dict) and "match" in rule and rule["regions"][0] == datacenter
            ]
            geographic = [code for code in codes if "/" not in code]
            self._draft.locate(datacenter, geographic[0] if geographic else None)

    def _behind(self, what: object, word: str) -> tuple[Endpoints, bool]:
        """The endpoints of one datacenter."""
        if isinstance(what, str) and what.startswith("%"):
            plugin, _, name = what[1:].partition("!")
            held = _hash(self._plugins, plugin)
            resources = held.get("resources", held)
            told = resources.get(name) if isinstance(resources, dict) else None
            if told is None:
                raise GtmError(f"cannot import {word}: {what} is not there")
            return self._endpoints(plugin, told, word)
        if isinstance(what, dict):
            return self._endpoints(str(what.get("plugin", "multifo")), what, word)
        return self._endpoints("multifo", what, word)

    def _endpoints(self, plugin: str, told: object, word: str) -> tuple[Endpoints, bool]:
        if plugin == "static" or isinstance(told, str | list):
            found: Endpoints = [_address(str(each)) for each in _list(told)]
            return found, False
        if not isinstance(told, dict):
            raise GtmError(f"cannot import {word}: it names no addresses")
        if plugin == "simplefo":
            secondary = {"address": _address(str(told.get("secondary"))), "backup": True}
            return [_address(str(told.get("primary"))), secondary], False
        if plugin not in ("multifo", "weighted"):
            raise GtmError(f"cannot import {word}: the plugin {plugin} has no counterpart")
        found = []
        for part in _parts(told):
            pair = _list(part)
            if plugin == "weighted" and len(pair) == 2:
                found.append({"address": _address(str(pair[0])), "weight": int(str(pair[1]))})
            elif plugin == "multifo":
                found += [_address(str(each)) for each in pair]
        if not found:
            raise GtmError(f"cannot import {word}: it names no addresses")
        return found, plugin == "weighted"

    def _check(self, told: object) -> str | None:
        """The check of the resource's service types, by the name in the draft."""
        words = _list(told.get("service_types")) if isinstance(told, dict) else []
        found = None
        for word in map(str, words):
            if word in ("up", "down", "none"):
                continue
            if found is not None:
                self._draft.note(f"service type {word} was left out: only the first one is taken")
                continue
            found = word
            self._draft.checks[word] = self._probe(word)
        return found

    def _probe(self, word: str) -> dict[str, object]:
        told = self._services.get(word)
        settings = {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
        kind = _PROBES.get(settings.get("plugin", ""), "tcp")
        if kind == "exec":
            self._draft.note(f"check {word}: extmon's command was left out; it is a tcp check now")
            kind = "tcp"
        made: dict[str, object] = {"type": kind}
        if kind == "http":
            made["path"] = settings.get("url_path", "/")
            made |= {"host": settings["vhost"]} if "vhost" in settings else {}
        made["port"] = int(settings.get("port", "80"))
        for theirs, ours in (("interval", "interval"), ("timeout", "timeout")):
            if theirs in settings:
                made[ours] = f"{settings[theirs]}s"
        for theirs, ours in (("up_thresh", "rise"), ("down_thresh", "fall"), ("ok_thresh", "ok")):
            if theirs in settings:
                made[ours] = int(settings[theirs])
        return made


def _rules(mapped: Mapping[str, object], regions: Mapping[str, object]) -> Iterator[object]:
    """The map's places as rules: networks, then places, the smaller before those around them."""
    everyone = [str(each) for each in _list(mapped.get("datacenters"))] or list(regions)
    nets = mapped.get("nets")
    if isinstance(nets, dict):
        for network, order in nets.items():
            yield {"match": str(network), "regions": [str(each) for each in _list(order)]}
    places = mapped.get("map")
    last = everyone
    if isinstance(places, dict):
        yield from _places(places, "")
        last = [str(each) for each in _list(places.get("default"))] or everyone
    yield {"regions": last}


def _places(places: Mapping[str, object], above: str) -> Iterator[object]:
    for word, inside in places.items():
        if word == "default":
            continue
        code = f"{above}-{word}" if above else str(word)
        if isinstance(inside, dict):
            yield from _places(inside, code)
            if "default" in inside:
                regions = [str(each) for each in _list(inside["default"])]
                yield {"match": code, "regions": regions}
        elif _list(inside):
            yield {"match": code, "regions": [str(each) for each in _list(inside)]}


def _parts(told: Mapping[str, object]) -> Iterator[object]:
    """What a resource has beside its settings: its addresses, in one hash or one a family."""
    for key, part in told.items():
        if key in ("addrs_v4", "addrs_v6") and isinstance(part, dict):
            yield from _parts(part)
        elif key in ("addrs_v4", "addrs_v6") or (key not in _PLAIN_KEYS and key != "plugin"):
            yield part


def _address(text: str) -> str:
    """An address; a name of DYNC gets the dot at its end."""
    is_address = ":" in text or text.replace(".", "").isdigit()
    return text if is_address or text.endswith(".") else f"{text}."


def _hash(held: Mapping[str, object], key: str, word: str = "") -> dict[str, object]:
    found = held.get(key)
    if not isinstance(found, dict):
        about = f" for {word}" if word else ""
        raise GtmError(f"cannot import gdnsd's configuration: no {key}{about}")
    return found


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
