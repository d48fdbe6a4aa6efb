"""Added records beside those of the file: the file's stay, what does not go with them waits."""

from __future__ import annotations

from gtm.updates.added import Added, Change
from gtm.updates.contents import FileContents
from gtm.updates.overlay import laid_over, waiting
from tests.unit.updates.update_worlds import ZONE, added, contents, name, text
from tests.worlds import compile_world, read_zones

TXT, A, CNAME = 16, 1, 5


def rrsets(found: Added, zone: str = ZONE) -> dict[tuple[str, int], tuple[int, tuple[bytes, ...]]]:
    (read,) = read_zones({"a.yaml": zone})
    laid = laid_over(FileContents(read), found)
    assert list(laid.rrsets) == sorted(laid.rrsets, key=lambda each: (each.name, each.type))
    return {(each.name, each.type): (each.ttl, each.rdata) for each in laid.rrsets}


def test_new_names_come_with_their_ttl() -> None:
    assert rrsets(added(("new", TXT, text("x"))))["new.gtm.example.", TXT] == (60, (text("x"),))


def test_the_file_and_what_was_added_are_one_set_with_the_files_ttl() -> None:
    found = rrsets(added(("filed", TXT, text("three")), ("filed", TXT, text("one"))))
    expected = 3600, (text("one"), text("two"), text("three"))
    assert found["filed.gtm.example.", TXT] == expected


def test_a_zone_without_added_records_is_as_it_was() -> None:
    found = contents()
    assert laid_over(found, Added()) is found.zone


def test_what_has_become_a_service_an_alias_or_delegated_waits_and_comes_back() -> None:
    found = added(
        ("orders", TXT, text("x")),
        ("alias", TXT, text("x")),
        ("below.cut", TXT, text("x")),
        ("filed", CNAME, b"\1a\0"),
        ("fine", TXT, text("x")),
    )
    kept = {at for at, _ in found.sets} - {name("fine")}
    assert {at for at, _ in waiting(contents(), found)} == kept
    laid = {at for at, _ in rrsets(found)}
    assert "fine.gtm.example." in laid
    assert not {"below.cut.gtm.example.", "orders.gtm.example."} & laid
    bare = ZONE[: ZONE.index("apps:")] + 'records: {"": {type: TXT, value: apex}}\n'
    (read,) = read_zones({"a.yaml": bare})
    assert not list(waiting(FileContents(read), found))


def test_what_is_laid_over_compiles() -> None:
    (read,) = read_zones({"a.yaml": ZONE})
    changes = [Change(name("a.b.c"), TXT, 60, text("x")), Change(name("*.w"), CNAME, 60, b"\1a\0")]
    laid = laid_over(FileContents(read), Added().after(changes))
    assert len(laid.rrsets) == len(read.rrsets) + 2
    assert compile_world({"a.yaml": ZONE}).snapshot.zones
