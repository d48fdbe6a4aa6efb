"""The demo's capacities and loads: the example with room, and loads that follow the clients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gtm.cli.demoload import CAPACITIES, CROWD, brought, followed, roomy
from gtm.cli.demotraffic import MORE
from gtm.cli.stage import CLIENTS, Stage
from gtm.zonefile import load

EXAMPLE = Path(__file__).parents[3] / "zones" / "example.yaml"


def test_the_example_gets_capacities_and_is_else_as_it_was(tmp_path: Path) -> None:
    (plain,), (played,) = load(EXAMPLE).zones, load(roomy(EXAMPLE, tmp_path)).zones
    assert {name: one.capacity for name, one in played.regions.items()} == CAPACITIES
    assert [app.name for app in played.apps] == [app.name for app in plain.apps]
    assert [app.services for app in played.apps] == [app.services for app in plain.apps]
    assert played.ttl == plain.ttl


@dataclass
class Region:
    region: str


class Played:
    """A stage where every client is sent to two regions."""

    backends = (Region("us-east"), Region("eu-west"), Region("ap-south"))

    def shares_of(self, _client: object) -> dict[str, float]:
        return {"us-east": 0.25, "eu-west": 0.75}


def test_each_crowd_is_where_its_clients_are_sent() -> None:
    found = brought(cast("Stage", cast("Any", Played())))
    whole = CROWD * (len(CLIENTS) + len(MORE))
    assert found == {"us-east": 0.25 * whole, "eu-west": 0.75 * whole, "ap-south": 0.0}


def test_loads_are_there_at_once_and_then_follow_step_by_step() -> None:
    first = followed({}, {"us-east": 900.0, "eu-west": 0.0})
    assert first == {"us-east": 900.0, "eu-west": 0.0}
    later = first
    for _ in range(30):
        before, later = later, followed(later, {"us-east": 0.0, "eu-west": 900.0})
        assert later["us-east"] < before["us-east"] or later["us-east"] == 0
        assert round(sum(later.values()), 6) == 900.0
    assert later == {"us-east": 0.0, "eu-west": 900.0}
