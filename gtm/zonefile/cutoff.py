"""`canary` and `freeze` of a zone: what tells targets that fail from a checker that is cut off."""

from __future__ import annotations

from gtm.checks import AnyCheck, Freeze
from gtm.zonefile.addressed import addressed
from gtm.zonefile.checkuses import CheckReader
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings
from gtm.zonefile.freezeshape import FreezeShape
from gtm.zonefile.shape import ZoneFile

# Below half of the targets others still answer, and the checker can't be what failed.
LEAST_SHARE = 0.5

# A real outage must be believed before those who look into it go by what gtm says.
MOST = 3600.0


def canary(shape: ZoneFile, checks: CheckReader) -> AnyCheck | None:
    """What answers whenever the checker itself is connected; None without a `canary`."""
    path = ("canary",)
    found = checks.use("canary", shape.canary, path)
    example = "that of a resolver or a router that you trust to be up"
    return addressed(found, shape.canary, checks, path, "a canary", example)


def freeze(shape: FreezeShape, document: Document, findings: Findings) -> Freeze:
    """When failures are not believed, with every mistake noted."""
    if not LEAST_SHARE <= shape.share <= 1:
        findings.wrong(
            document.at(("freeze", "share")),
            "while most targets answer the checker is not cut off",
            "write one from `50%` to `100%`, such as `90%`",
        )
    if shape.most > MOST:
        findings.wrong(
            document.at(("freeze", "most")),
            f"for {shape.most:g} s a real outage would not be believed",
            "write one up to `1h`, such as `5m`",
        )
    return Freeze(shape.share, shape.targets, shape.regions, shape.within, shape.most)
