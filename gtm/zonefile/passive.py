"""`passive` of a check and `latency_feed` of a zone: what it takes to believe who reports."""

from __future__ import annotations

from gtm.checks import Passive
from gtm.model import LatencyRules
from gtm.zonefile.checkshape import PassiveShape
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.shape import LatencyFeedShape

Bounds = tuple[float, float, str]

# Shorter windows count single requests, longer ones say nothing of now.
_WINDOW: Bounds = (1.0, 3600.0, "write one from `1s` to `1h`")
_HOLD: Bounds = (0.0, 1800.0, "write one up to `30m`")
_EXPIRE: Bounds = (60.0, 30 * 86400.0, "write one from `1m` to `30d`")


def passive(
    shape: PassiveShape | None, document: Document, path: KeyPath, findings: Findings
) -> Passive | None:
    """When reports take an endpoint out, with every mistake noted."""
    if shape is None:
        return None
    _bound(shape.window, _WINDOW, document, (*path, "window"), findings)
    _bound(shape.hold, _HOLD, document, (*path, "hold"), findings)
    if not 0 < shape.failures < 1:
        findings.wrong(
            document.at((*path, "failures")),
            "no rate of failures is above 100 %" if shape.failures else "0 % would be any failure",
            "write one from `1%` to `99%`, such as `50%`",
        )
    if not shape.most:
        findings.wrong(
            document.at((*path, "most")),
            "with `most: 0%` reports can take nothing out",
            "write a part such as `50%`, or remove `passive`",
        )
    return Passive(
        shape.failures, shape.minimum, shape.window, shape.hold, shape.most, shape.reporters
    )


def latency_rules(shape: LatencyFeedShape, document: Document, findings: Findings) -> LatencyRules:
    """What it takes for the latency feed to be believed, with every mistake noted."""
    _bound(shape.expire, _EXPIRE, document, ("latency_feed", "expire"), findings)
    return LatencyRules(shape.samples, shape.reporters, shape.networks, shape.expire, shape.use)


def _bound(
    value: float, bounds: Bounds, document: Document, path: KeyPath, findings: Findings
) -> None:
    low, high, remedy = bounds
    if not low <= value <= high:
        findings.wrong(document.at(path), f"{value:g} s is out of bounds", remedy)
