"""Who may ask a zone's name `whoami`."""

from __future__ import annotations

from gtm.networks import Networks
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings, shown
from gtm.zonefile.shape import ZoneFile

_REMEDY = "write addresses, networks such as 192.0.2.0/24, `loopback` or `any`"


def whoami(shape: ZoneFile, document: Document, findings: Findings) -> Networks:
    """The networks; none where nobody may."""
    if shape.whoami is None:
        return Networks()
    allow = shape.whoami.allow
    written = allow if isinstance(allow, list) else [allow]
    raw = document.value_at(("whoami",))
    if not written and isinstance(raw, dict) and raw.keys() <= {"allow"}:
        findings.wrong(document.at(("whoami",)), "`whoami` allows nobody", _REMEDY)
    texts: list[str] = []
    for position, one in enumerate(written):
        spot = document.at(("whoami", "allow", position))
        if not isinstance(one, str):
            findings.wrong(spot, f"{shown(one)} is not a network", _REMEDY)
            continue
        try:
            Networks.of([one])
        except ValueError as error:
            problem, _, remedy = str(error).partition("; ")
            findings.wrong(spot, problem, remedy)
        else:
            texts.append(one)
    return Networks.of(texts)
