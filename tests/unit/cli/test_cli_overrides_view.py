"""What is shown of overrides: to a person, in lines and in the status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from rich.console import Console, RenderableType

from gtm.api.models import (
    ChangeShape,
    KeptStatus,
    OverrideAdded,
    Overrides,
    OverrideShape,
    OverrideStatus,
    RegionStatus,
)
from gtm.cli.client import Client
from gtm.cli.ordering import duration
from gtm.cli.overridesview import added_line, overrides_view
from gtm.cli.statusview import status_view
from gtm.cli.waiting import wait_until_safe
from gtm.errors import ServerError, UsageError
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import NOW, a_status, an_app, endpoint, service

KEPT = KeptStatus(path="/var/lib/gtm/overrides.json", damage=None, unsaved=None)
DRAIN = OverrideShape(
    number=3,
    act="drain",
    target="region/eu-west",
    reason="kernel update",
    author="alice",
    created=NOW - 60,
    expires=NOW + 7200,
    said="drained by alice until 14:00 UTC: kernel update",
)


def change(number: int, at: str = "") -> ChangeShape:
    return ChangeShape(
        zone="gtm.example.com",
        app="shop",
        service=f"s{number}",
        region="eu-west",
        endpoint=at,
        before="up",
        after="drained",
    )


def listed(*changes: ChangeShape) -> OverrideStatus:
    return OverrideStatus(changes=list(changes), **DRAIN.model_dump())


def shown(view: RenderableType) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def test_the_list_says_who_why_until_when_and_what_it_changes() -> None:
    text = shown(overrides_view([listed(change(1))], KEPT, NOW))
    assert "3  region/eu-west  drained by alice until 14:00 UTC: kernel update, 2 h left" in text
    assert "changes now: s1 in eu-west up → drained" in text


def phased(**fields: object) -> OverrideStatus:
    return listed(change(1)).model_copy(update=fields)


def test_the_list_says_the_phase_of_a_drain_and_what_comes_next() -> None:
    lowering = phased(
        phase="lowering", next_phase="withdrawn", next_at=NOW + 24.2, ttl=10,
        changes=[], coming=[change(1)],
    )  # fmt: skip
    text = shown(overrides_view([lowering], KEPT, NOW))
    assert "lowering: ttl 10 s, withdrawn in 25 s" in text
    assert "changes once withdrawn: s1 in eu-west up → drained" in text
    withdrawn = phased(phase="withdrawn", next_phase="safe", next_at=NOW + 9)
    assert "withdrawn: safe in 9 s" in shown(overrides_view([withdrawn], KEPT, NOW))
    assert "safe: no client that honours TTLs is left" in shown(
        overrides_view([phased(phase="safe")], KEPT, NOW)
    )
    held = phased(phase="lowering", next_phase="withdrawn", next_at=NOW - 5, ttl=10, held="why")
    text = shown(overrides_view([held], KEPT, NOW))
    assert "lowering: ttl 10 s, due, but held back by safety: why" in text


def test_what_is_due_is_said_to_be() -> None:
    due = phased(phase="withdrawn", next_phase="safe", next_at=NOW - 1)
    assert "withdrawn: safe now" in shown(overrides_view([due], KEPT, NOW))


class Server(Client):
    """Answers with one list of overrides after the other."""

    def __init__(self, *lists: list[OverrideStatus]) -> None:
        super().__init__("unix:/nonexistent/gtm.sock")
        self.answers_to_come.extend(lists)

    answers_to_come: ClassVar[list[list[OverrideStatus]]] = []

    def get(self, path: str, shape: type[Any], query: Mapping[str, str] | None = None) -> Any:
        return Overrides(now=NOW, overrides=self.answers_to_come.pop(0), kept=KEPT)


def test_waiting_looks_until_it_is_safe() -> None:
    slept: list[float] = []
    steps = [
        phased(phase="lowering", next_phase="withdrawn", next_at=NOW, ttl=10),
        phased(phase="withdrawn", next_phase="safe", next_at=NOW, ttl=10),
        phased(phase="safe"),
    ]
    server = Server(*([step] for step in steps[1:]))
    assert wait_until_safe(server, steps[0], slept.append).phase == "safe"
    assert len(slept) == 2


def test_waiting_ends_when_the_drain_is_gone() -> None:
    with pytest.raises(ServerError, match="cannot wait until region/eu-west is safe"):
        wait_until_safe(Server([]), phased(phase="lowering"), lambda _: None)


def test_without_any_it_says_so() -> None:
    assert shown(overrides_view([], KEPT, NOW)).startswith("no override is in force")


def test_many_changes_are_counted_and_what_steers_comes_first() -> None:
    found = [change(0, "192.0.2.1"), *(change(number) for number in range(1, 6))]
    text = shown(overrides_view([listed(*found)], KEPT, NOW))
    assert "s1 in eu-west up → drained" in text
    assert "192.0.2.1" not in text
    assert "and 3 other verdicts" in " ".join(text.split())


def test_trouble_with_the_file_is_shown_in_the_status_even_without_overrides() -> None:
    status = a_status()
    trouble = KeptStatus(path="/x", damage="overrides.json was damaged", unsaved="disk full")
    text = shown(status_view(status.model_copy(update={"kept": trouble})))
    assert "when the server started, overrides.json was damaged" in text
    assert "the latest change could not be saved: disk full" in text
    assert "overrides" not in shown(status_view(status.model_copy(update={"kept": KEPT})))


def test_a_region_that_is_drained_or_forced_is_told_from_one_that_failed() -> None:
    regions = [
        RegionStatus(region=name, state=state, reason="said", since=NOW, act=act)
        for name, state, act in [
            *(("a", "down", "drain"), ("b", "up", "up"), ("c", "down", "down"), ("d", "down", None))
        ]
    ]
    services = [service("orders", {name: [endpoint()] for name in "abcd"})]
    row = next(
        line
        for line in shown(status_view(a_status(an_app(regions, services)))).splitlines()
        if "the block" in line
    )
    assert row.rstrip().split("  ")[-1] == "✗ down"
    for mark in ("⏏ drained", "✓ up (forced)", "✗ down (forced)"):
        assert mark in row


def test_an_act_is_answered_in_one_line_with_what_it_replaced_and_overruled() -> None:
    added = OverrideAdded(
        override=DRAIN,
        replaced=DRAIN.model_copy(update={"said": "forced up by bob: a test"}),
        changes=[],
        forced_past=["app shop would be left with no region up (1 needed)"],
        kept=KEPT,
    )
    assert added_line(added) == (
        "region/eu-west is drained by alice until 14:00 UTC: kernel update; changes nothing now; "
        "replaces: forced up by bob: a test; "
        "forced, although app shop would be left with no region up (1 needed)"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30.0), ("5m", 300.0), ("2h", 7200.0), ("1d", 86400.0)]
)
def test_durations_have_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["30", "soon", "-5m", "0s", ""])
def test_what_is_no_duration_is_refused_before_the_server_is_asked(text: str) -> None:
    with pytest.raises(UsageError, match="it is not a duration"):
        duration(text)


def test_a_server_that_is_not_there_is_exit_code_3_and_a_bad_target_2() -> None:
    words = ("--reason", "x", "--by", "a", "--api", "unix:/nonexistent/gtm.sock")
    assert gtm("drain", "region/eu-west", *words).exit_code == 3
    bad = gtm("force", "down", "eu-west", *words)
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert "cannot understand the target" in bad.stderr
