"""Clients all over the world and where they are sent, by distance: what GET /v1/map tells."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.dashboard.scenes import CAPACITY, REGIONS, Scene, verdict

PLACES = {"us-east": (39.04, -77.49), "eu-west": (53.18, -8.14), "ap-south": (1.37, 103.8)}
COUNTRIES = Path(__file__).parents[2] / "gtm" / "geo" / "countries.csv"
BUSY = {
    "US": 19.0, "CN": 4.0, "IN": 11.0, "BR": 6.0, "GB": 7.0, "DE": 7.5, "FR": 5.5, "JP": 5.0,
    "RU": 2.0, "ID": 4.0, "MX": 2.5, "ES": 3.0, "IT": 3.2, "CA": 3.0, "AU": 2.0, "NG": 1.8,
}  # fmt: skip
Place = tuple[
    str, str, str, float, float, float
]  # code, country, name, latitude, longitude, weight


@cache
def places() -> tuple[Place, ...]:
    """Every country, with a made-up share of the clients."""
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    heavy = [BUSY.get(row["code"], 0.12) for row in rows]
    whole = sum(heavy)
    return tuple(
        (
            f"{row['continent']}-{row['code']}", row["code"], row["name"],
            float(row["latitude"]), float(row["longitude"]), weight / whole,
        )
        for row, weight in zip(rows, heavy, strict=True)
        if row["code"] != "AQ"
    )  # fmt: skip


def map_of(scene: Scene, now: float, query: dict[str, list[str]]) -> dict[str, Any]:
    """GET /v1/map: nearest, with what is down and what the what-if takes down."""
    shop = query.get("app") == ["shop"]
    gone = {*scene.down, *scene.drained} if shop or len(scene.down) == len(REGIONS) else set()
    off = query.get("down", [])
    whole = [name for name in REGIONS if name not in gone] or list(REGIONS)
    if_off = [name for name in whole if name not in off] or list(REGIONS)
    found = [_place(place, whole, if_off if off else None) for place in places()]
    regions = [_region(scene, name, found, off, now, shop) for name in REGIONS]
    moved = [one for one in found if one["regions"] != one["regions_if"]]
    return {
        "now": now, "epoch": 41, "zone": query["zone"][0], "app": query["app"][0],
        "service": query.get("service", [""])[0] or None, "policy": "nearest",
        "regions": regions, "places": found, "weighed_by": "traffic",
        "moved": sum(one["weight"] for one in moved) if off else None,
        "warnings": [
            f"{one['name']} would be at {100 * one['load_if'] / one['capacity']:.0f} % "
            "of its capacity"
            for one in regions
            if one["load_if"] is not None and one["load_if"] > 0.8 * one["capacity"]
        ],
    }  # fmt: skip


def _place(place: Place, up: Sequence[str], if_off: Sequence[str] | None) -> dict[str, Any]:
    code, country, name, latitude, longitude, weight = place
    at = (latitude, longitude)
    return {
        "code": code, "country": country, "subdivision": None, "name": name,
        "latitude": latitude, "longitude": longitude, "weight": weight,
        "regions": _shares(at, up), "regions_if": None if if_off is None else _shares(at, if_off),
        "regions_all_up": _shares(at, REGIONS),
    }  # fmt: skip


def _shares(at: tuple[float, float], regions: Sequence[str]) -> dict[str, float]:
    """All to the nearest; to two where they are about equally near, as `within` does."""
    far = sorted((_distance(at, PLACES[name]), name) for name in regions)
    if len(far) > 1 and far[1][0] < 1.07 * far[0][0]:
        return {far[0][1]: 0.6, far[1][1]: 0.4}
    return {far[0][1]: 1.0}


def _region(
    scene: Scene, name: str, found: list[dict[str, Any]], off: list[str], now: float, shop: bool
) -> dict[str, Any]:
    share = sum(one["weight"] * one["regions"].get(name, 0.0) for one in found)
    then = sum(one["weight"] * (one["regions_if"] or {}).get(name, 0.0) for one in found)
    load = scene.loads.get(name)
    shown = verdict(scene, name, now) if shop else {"state": "up", "reason": "HTTP 200"}
    return {
        "name": name, "latitude": PLACES[name][0], "longitude": PLACES[name][1],
        "state": shown["state"], "act": shown.get("act"), "reason": shown["reason"],
        "share": share, "share_if": then if off else None, "capacity": CAPACITY[name],
        "load": load, "soft": 0.8,
        "load_if": load * then / share if off and load is not None and share else None,
    }  # fmt: skip


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    (one, east), (two, west) = (map(math.radians, a), map(math.radians, b))
    cosine = math.sin(one) * math.sin(two) + math.cos(one) * math.cos(two) * math.cos(east - west)
    return math.acos(max(-1.0, min(1.0, cosine)))
