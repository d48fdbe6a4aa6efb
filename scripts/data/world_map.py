"""Build gtm/dashboard/static/world.json, the dashboard's map, from Natural Earth (public domain).

    python scripts/data/world_map.py COUNTRIES.json CODES.json

COUNTRIES.json is Natural Earth's 1:50m countries as TopoJSON, CODES.json a list of ISO 3166-1
codes [alpha-2, alpha-3, number, ...]. data/README.md says where both come from. The same input
gives the same bytes.

The map is in the Equal Earth projection (B. Savric, T. Patterson, B. Jenny, 2018), which shows
areas as large as they are; gtm/dashboard/static/projection.js has the same formula. Paths are
SVG's, in whole units, relative. Borders are simplified arc by arc, so that neighbours still fit.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[2] / "gtm" / "dashboard" / "static" / "world.json"
WIDTH = 2000  # units
MIDDLE = 11.0  # degrees east: the map is cut in the Bering Strait
NORTH, SOUTH = 83.7, -56.0  # degrees: Antarctica has no clients
TOLERANCE = 0.75  # units that a line may be off
SMALLEST = 2.0  # square units of an island that is kept, unless it is all there is of a country
# Natural Earth gives these no number. Databases know the first two by the code of the state that
# they were part of.
UNNUMBERED = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
NOWHERE = {"AQ"}
# What has a code of its own but is drawn as a part of its state: (west, south, east, north).
OVERSEAS = {
    "GF": (-55.0, 2.0, -51.0, 6.0),
    "GP": (-62.0, 15.7, -61.0, 16.6),
    "MQ": (-61.4, 14.3, -60.7, 15.0),
    "RE": (55.0, -21.6, 56.0, -20.7),
    "YT": (44.9, -13.1, 45.4, -12.5),
    "SJ": (-10.0, 70.5, 35.0, 82.0),
}
DRAWN_IN = {"FR", "NO"}
A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796

Point = tuple[float, float]


def main(countries: Path, codes: Path) -> None:
    """Write the map beside the code that draws it."""
    world = json.loads(countries.read_text(encoding="utf-8"))
    numbers = {row[2]: row[0] for row in json.loads(codes.read_text(encoding="utf-8"))}
    arcs = [simplified(arc) for arc in projected(world)]
    paths: dict[str, list[list[Point]]] = {}
    for shape in world["objects"]["countries"]["geometries"]:
        code = coded(shape, numbers)
        for ring in rings(shape, arcs) if code not in NOWHERE else ():
            paths.setdefault(overseas(ring, code) if code in DRAWN_IN else code, []).append(ring)
    found = {code: path(kept(paths[code])) for code in sorted(paths)}
    height = round(unit((0, SOUTH))[1])
    text = json.dumps({"width": WIDTH, "height": height, "countries": found}, indent=0)
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(found)} countries, {len(text):,} octets")


def coded(shape: dict[str, Any], numbers: dict[str, str]) -> str:
    """The ISO 3166-1 alpha-2 code; "" for what has none."""
    name = shape["properties"]["name"]
    return numbers.get(str(shape.get("id", "")).zfill(3)) or UNNUMBERED.get(name, "")


def overseas(ring: list[Point], code: str) -> str:
    """The code of the part that an outline is, or its state's own `code`."""
    for part, (west, south, east, north) in OVERSEAS.items():
        (left, low), (right, high) = unit((turned(west), south)), unit((turned(east), north))
        if all(left <= x <= right and high <= y <= low for x, y in ring):
            return part
    return code


def turned(longitude: float) -> float:
    """Degrees east of MIDDLE, from -180 to 180."""
    return (longitude - MIDDLE + 180.0) % 360.0 - 180.0


def equal_earth(east: float, latitude: float) -> Point:
    """On a sphere of radius 1, from degrees east of MIDDLE; x to the east, y to the north."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    slope = 9 * A4 * theta**8 + 7 * A3 * theta**6 + 3 * A2 * theta**2 + A1
    x = 2 * math.sqrt(3) * math.radians(east) * math.cos(theta) / (3 * slope)
    return x, A4 * theta**9 + A3 * theta**7 + A2 * theta**3 + A1 * theta


HALF = 2 * math.sqrt(3) * math.pi / (3 * A1)  # the equator's end
TOP = equal_earth(0, NORTH)[1]


def unit(place: Point) -> Point:
    """Units of the map, from the left and from the top, of (degrees east of MIDDLE, latitude)."""
    x, y = equal_earth(*place)
    scale = WIDTH / (2 * HALF)
    return (x + HALF) * scale, (TOP - y) * scale


def projected(world: dict[str, Any]) -> Iterable[list[Point]]:
    """TopoJSON's arcs (deltas of whole numbers) as points of the map."""
    (wide, high), (left, low) = world["transform"]["scale"], world["transform"]["translate"]
    for arc in world["arcs"]:
        x = y = 0
        last: float | None = None
        points = []
        for right, up in arc:
            x, y = x + right, y + up
            east = turned(x * wide + left)
            if last is not None and abs(east - last) > 180:  # an island on the cut stays whole
                east += math.copysign(360, last)
            points.append(unit((east, y * high + low)))
            last = east
        yield points


def simplified(points: list[Point]) -> list[Point]:
    """Without the points that a straight line passes within TOLERANCE (Douglas and Peucker)."""
    if len(points) < 3:
        return points
    if points[0] == points[-1]:  # an island: two halves, or it would be a point
        middle = max(range(len(points)), key=lambda place: math.dist(points[0], points[place]))
        return simplified(points[: middle + 1])[:-1] + simplified(points[middle:])
    far, place = max((off(point, points[0], points[-1]), n) for n, point in enumerate(points))
    if far <= TOLERANCE:
        return [points[0], points[-1]]
    return simplified(points[: place + 1])[:-1] + simplified(points[place:])


def off(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the line between two others."""
    (x, y), (dx, dy) = (
        (point[0] - start[0], point[1] - start[1]),
        (end[0] - start[0], end[1] - start[1]),
    )
    long = math.hypot(dx, dy)
    return math.hypot(x, y) if long == 0 else abs(x * dy - y * dx) / long


def rings(shape: dict[str, Any], arcs: Sequence[list[Point]]) -> list[list[Point]]:
    """The outlines of a country, holes among them."""
    if shape["type"] == "Polygon":
        parts = shape["arcs"]
    else:
        parts = [ring for polygon in shape.get("arcs", []) for ring in polygon]
    found = []
    for ring in parts:
        points: list[Point] = []
        for number in ring:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            points += arc[1:] if points else arc
        found.append(points)
    return found


def kept(found: list[list[Point]]) -> list[list[Point]]:
    """Without the islands that nobody would see; a country's largest part always stays."""
    largest = max(found, key=area)
    return [ring for ring in found if ring is largest or area(ring) >= SMALLEST]


def area(ring: Sequence[Point]) -> float:
    """Of a closed line, in square units."""
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairwise(ring))) / 2


def path(found: list[list[Point]]) -> str:
    """SVG: a move to each outline's first point, then steps."""
    text = []
    for ring in found:
        points = [(round(x), round(y)) for x, y in ring]
        x, y = points[0]
        steps = [(u - a, v - b) for (a, b), (u, v) in pairwise(points) if (u, v) != (a, b)]
        if len(steps) < 3:  # smaller than a unit: a square, so that it can be seen at all
            steps = [(1, 0), (0, 1), (-1, 0), (0, -1)]
        text.append(f"M{x},{y}l" + " ".join(f"{dx},{dy}" for dx, dy in steps[:-1]) + "z")
    return "".join(text).replace(",-", "-")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
