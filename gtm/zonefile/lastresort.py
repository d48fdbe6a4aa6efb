"""What to answer when no region is up: a word, or addresses."""

from __future__ import annotations

from gtm.model import Address, AllDown, WhenAllDown
from gtm.zonefile import choices, values
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong


def last_resort(
    written: object, document: Document, path: KeyPath, findings: Findings
) -> WhenAllDown:
    """The app's `when_all_down`, with every mistake noted."""
    path = (*path, "when_all_down")
    if written is None:
        return WhenAllDown()
    try:
        if isinstance(written, str) and not any(mark in written for mark in ".:"):
            return WhenAllDown(choices.all_down(written))
        if not isinstance(written, str | list):
            choices.all_down(written)
    except Wrong as wrong:
        findings.wrong(document.at(path), wrong.problem, wrong.remedy)
        return WhenAllDown()
    items = written if isinstance(written, list) else [written]
    return WhenAllDown(AllDown.ADDRESSES, _addresses(items, document, path, findings))


def _addresses(
    written: list[object], document: Document, path: KeyPath, findings: Findings
) -> tuple[Address, ...]:
    found: list[Address] = []
    if not written:
        findings.wrong(document.at(path), "no address is written", "write one, or `nodata`")
    for position, one in enumerate(written):
        spot = document.at((*path, position))
        try:
            address = values.unicast(one)
        except Wrong as wrong:
            findings.wrong(spot, wrong.problem, wrong.remedy)
            continue
        if address in found:
            findings.wrong(spot, f"{address} is written twice", "keep one of them")
        found.append(address)
    return tuple(found)
