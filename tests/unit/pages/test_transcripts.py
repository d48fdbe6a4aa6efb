"""Promises of how pages are read and compared."""

from __future__ import annotations

import pytest

from tests.pages.alike import alike
from tests.pages.page import Command, File, Hidden, steps

PAGE = """\
# Title
<!-- run: backends 192.0.2.10
sleep 1 -->
<!-- file: /etc/gtm/zones/a.yaml -->
```yaml
zone: a.example
```
Words.
```console
$ gtm check /etc/gtm/zones \\
    --json
{}
$ true
$ echo two
two
```
<!-- shown only: it needs another machine -->
```console
$ ssh elsewhere
```
"""


def test_a_page_is_read_in_the_order_in_which_it_stands() -> None:
    hidden, file, check, nothing, two = steps(PAGE)
    assert hidden == Hidden("backends 192.0.2.10\nsleep 1")
    assert file == File("/etc/gtm/zones/a.yaml", "zone: a.example\n")
    assert isinstance(check, Command)
    assert check.text == "gtm check /etc/gtm/zones \\\n    --json"
    assert check.shown == "{}\n"
    assert isinstance(nothing, Command)
    assert nothing.shown == ""
    assert isinstance(two, Command)
    assert PAGE[slice(*two.span)] == two.shown == "two\n"


def test_a_session_that_not_every_machine_can_play_says_where_it_is_played() -> None:
    page = "<!-- played where: test -e /dev/xdp -->\n```console\n$ ls\nx\n```\n"
    (listing,) = steps(page)
    assert isinstance(listing, Command)
    assert (listing.text, listing.where) == ("ls", "test -e /dev/xdp")
    assert all(step.where == "" for step in steps(PAGE) if isinstance(step, Command))


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("up 3 s, epoch 1, 7 queries on x", "up 12 s, epoch 2, 1,000 queries on x"),
        ("down until 14:00 UTC: why", "down until 2026-11-22 01:03 UTC: why"),
        ("7.0 ms  7.0 ms for 401 km", "12.5 ms  3 ms for 401 km"),
        ("a  b\n   c", "a b c"),
        ("first\n...\nlast", "first\nmore\nand more\nlast"),
        ("refused, 3rd of 3", "refused, 10th in a row"),
        ("after 4 ms", "after less than 1 ms"),
        ('{"a":1,\n "b":[...],\n "c":2}', '{"a":1,"b":[1,2,3],"c":2}'),
        ("key   350 CSK of 2026-11-22", "key  9197 CSK of 2027-01-02"),
        ("serial 1795302177", "serial 1795302999"),
        ("us-east  20%  ▂▂▅▅▂", "us-east  19%  ▂▅▅  ▂"),
        ("flags: qr; opcode: QUERY, id: 27065", "flags: qr; opcode: QUERY, id: 1"),
    ],
)
def test_what_no_two_runs_have_in_common_may_differ(shown: str, seen: str) -> None:
    assert alike(shown, seen)


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ("198.51.100.10", "192.0.2.10"),
        ("priority 1", "priority 2"),
        ("up", "down"),
        ("one", "one\ntwo"),
        ("first\n...\nlast", "first\nmore"),
        ("30 IN A 192.0.2.1", "60 IN A 192.0.2.1"),
        ("", "error: no server"),
    ],
)
def test_anything_else_is_a_difference(shown: str, seen: str) -> None:
    assert not alike(shown, seen)


def test_records_of_an_answer_may_be_rotated() -> None:
    assert alike("192.0.2.10\n192.0.2.11", "192.0.2.11\n192.0.2.10", in_order=False)
    assert not alike("192.0.2.10\n192.0.2.11", "192.0.2.11\n192.0.2.10")
    one, two = (
        "; status: NOERROR; id: 9\n; Time 2026-11-22",
        "; Time 2027-01-01\n; status: NOERROR; id: 12",
    )
    assert alike(one, two, in_order=False)
