"""Made-up states of a server for looking at the dashboard: as the API would tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gtm.api import models as m

ZONE = "gtm.example.com"
REGIONS = ("us-east", "eu-west", "ap-south")
FAILED = "HTTP 503 from {} after 41 ms, 3rd of 3"
ADDRESSES = {"us-east": "192.0.2.", "eu-west": "198.51.100.", "ap-south": "203.0.113."}


@dataclass(frozen=True, eq=False)  # told apart by identity: one is a key of a cache
class Scene:
    """What is wrong, if anything. `down` and `drained` are regions of the app shop."""

    down: tuple[str, ...] = ()
    drained: tuple[str, ...] = ()
    services: int = 0  # more of them, in apps of their own
    loads: Mapping[str, float] = field(
        default_factory=lambda: {"us-east": 11800, "eu-west": 7400, "ap-south": 5200}
    )
    troubled: bool = False
    needs_token: bool = False
    scopes: tuple[str, ...] = ("read", "report", "operate")


CAPACITY = {"us-east": 20000.0, "eu-west": 15000.0, "ap-south": 9000.0}
LATE = {"us-east": 19300, "eu-west": 0, "ap-south": 5900}
SCENES: Mapping[str, Scene] = {
    "calm": Scene(),
    "down": Scene(down=("eu-west",), loads=LATE),
    "drained": Scene(drained=("ap-south",)),
    "all-down": Scene(down=REGIONS, loads={}),
    "unmeasured": Scene(down=("eu-west",), loads={}),
    "trouble": Scene(down=("eu-west",), loads=LATE, troubled=True),
    "many": Scene(down=("eu-west",), services=10_000),
    "token": Scene(needs_token=True),
    "reader": Scene(drained=("ap-south",), scopes=("read",)),
}


def verdict(scene: Scene, region: str, now: float, address: str = "") -> dict[str, Any]:
    """The verdict's fields of a region of shop, or of an endpoint there."""
    if region in scene.down:
        reason = FAILED.format(f"{address}:443") if address else "0 of 2 endpoints are up"
        return {"state": "down", "reason": reason, "since": now - 840}
    if region in scene.drained and not address:
        reason = "drained by alice until 04:00: kernel update"
        drained = {"state": "down", "reason": reason, "since": now - 300}
        return {**drained, "act": "drain", "by": "override"}
    return {"state": "up", "reason": "HTTP 200 after 12 ms", "since": now - 86400 * 3}


def status(scene: Scene, now: float) -> m.Status:
    """GET /v1/status."""
    apps = [_shop(scene, now), _spread(scene, now, "catalog", ["search", "images"])]
    apps += [
        _spread(Scene(down=("ap-south",) if n % 37 == 0 else ()), now, f"app-{n:04}", _names(n))
        for n in range(scene.services // 10)
    ]
    return m.Status(
        version="0.1.0",
        plane="native",
        ready=True,
        epoch=41,
        started=now - 86400 * 5,
        now=now,
        listen=["192.0.2.53:53"],
        queries=812_345_678,
        reload=_reload(scene, now),
        geo=[_geo(scene, now)],
        zones=[m.ZoneStatus(name=f"{ZONE}.", serial=2026112101, files=["gtm.yaml"], apps=apps)],
        overrides=overrides(scene, now),
        kept=m.KeptStatus(path="/var/lib/gtm/overrides.json", damage=None, unsaved=None),
        loads=[_load(scene, region) for region in REGIONS],
        health=_health(scene, now),
        feeds=m.FeedsStatus(
            reports=0, reports_refused=0, samples=0, pairs=0, heard=0, reporters=[],
            held=[], not_followed=[],
        ),
    )  # fmt: skip


def overrides(scene: Scene, now: float) -> list[m.OverrideStatus]:
    """The drains in force."""
    return [
        m.OverrideStatus(
            number=number, act="drain", target=f"region/{region}", reason="kernel update",
            author="alice", created=now - 420, expires=now + 3180, planned=True, phase="safe",
            phase_since=now - 240, said=f"{region} is drained by alice: kernel update",
            changes=[],
        )
        for number, region in enumerate(scene.drained, 1)
    ]  # fmt: skip


def _names(app: int) -> list[str]:
    return [f"svc-{app:04}-{number}" for number in range(10)]


def _shop(scene: Scene, now: float) -> m.AppStatus:
    regions = [m.RegionStatus(region=one, **verdict(scene, one, now)) for one in REGIONS]
    services = [
        _service(scene, now, name, host) for name, host in (("orders", 10), ("payments", 20))
    ]
    return m.AppStatus(
        name="shop", topology="replicated", policy="nearest", regions=regions, services=services
    )


def _spread(scene: Scene, now: float, name: str, services: Sequence[str]) -> m.AppStatus:
    quiet = Scene(down=scene.down if len(scene.down) != 1 or "ap" in scene.down[0] else ())
    made = [_service(quiet, now, service, 30 + place) for place, service in enumerate(services)]
    return m.AppStatus(name=name, topology="spread", policy="nearest", regions=[], services=made)


def _service(scene: Scene, now: float, name: str, host: int) -> m.ServiceStatus:
    def at(region: str) -> m.ServiceRegionStatus:
        ends = [
            m.EndpointStatus(
                endpoint=ADDRESSES[region] + str(host + part),
                latency_ms=11.5 + 3 * part,
                response_ms=12.1,
                **verdict(scene, region, now, ADDRESSES[region] + str(host + part)),
            )
            for part in range(2)
        ]
        shown = verdict(scene, region, now)
        return m.ServiceRegionStatus(region=region, response_ms=12.1, endpoints=ends, **shown)

    return m.ServiceStatus(name=f"{name}.{ZONE}.", regions=[at(region) for region in REGIONS])


def _load(scene: Scene, region: str) -> m.RegionLoad:
    load = scene.loads.get(region)
    used = None if load is None else load / CAPACITY[region]
    stale = scene.troubled and region == "ap-south"
    return m.RegionLoad(
        region=region, zones=[f"{ZONE}."], capacity=CAPACITY[region], soft=0.8,
        feed="never" if load is None else "stale" if stale else "fresh", load=load,
        source="posted", age=312.0 if stale else 2.0, expected=load, wanted=load, taken=load,
        fixed=0.0, used=used, spilling=used is not None and used > 0.8,
    )  # fmt: skip


def _reload(scene: Scene, now: float) -> m.ReloadStatus:
    if not scene.troubled:
        return m.ReloadStatus(at=now - 7200, error=None, mistakes=[])
    mistake = m.MistakeShape(
        file="zones/gtm.yaml", line=34, column=7, key="apps.shop.steering",
        problem="there is no policy nearst", remedy="write nearest",
    )  # fmt: skip
    return m.ReloadStatus(at=now - 95, error="1 mistake in zones/gtm.yaml", mistakes=[mistake])


def _geo(scene: Scene, now: float) -> m.GeoStatus:
    return m.GeoStatus(
        path="world-country.mmdb", type="GeoIP2-City", built=now - 86400 * 40, networks=372_114,
        stale=scene.troubled,
    )  # fmt: skip


def _health(scene: Scene, now: float) -> m.HealthStatus:
    frozen = "18 of 24 targets failed within 2 s: it may be us" if scene.troubled else None
    return m.HealthStatus(
        targets=24, stale=2 if scene.troubled else 0, impaired=0, disbelieved=0, held=0,
        frozen=frozen, frozen_since=now - 8 if frozen else None,
    )  # fmt: skip
