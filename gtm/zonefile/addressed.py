"""Checks of what has no address of its own in the zone file: each part must name one."""

from __future__ import annotations

from gtm.checks import AnyCheck, leaves
from gtm.zonefile.checkuses import CheckReader
from gtm.zonefile.document import KeyPath


def addressed(
    found: AnyCheck | None,
    written: object,
    checks: CheckReader,
    path: KeyPath,
    owner: str,
    example: str,
) -> AnyCheck | None:
    """The check if all of its parts say what they probe; else None, with the mistake noted.

    `owner` is what has no address, such as "a region", `example` what the check may name instead.
    """
    lacking = [] if found is None else [leaf for leaf in leaves(found) if leaf.address is None]
    if not lacking:
        return found
    which = f"`{lacking[0].name}`" if isinstance(written, str | list) else "it"
    checks.findings.wrong(
        checks.document.at(path),
        f"{owner} has no address, and {which} does not say what to probe for it",
        f"write `address:` in the check, such as {example}",
    )
    return None
