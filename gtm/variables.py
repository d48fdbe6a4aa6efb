"""Variables of the environment that begin with GTM_ and that nobody reads: most are misspelt. Pure.

Not every one that is strange is a mistake. Kubernetes gives pods variables of each service beside
them, `GTM_PORT_53_UDP` and the like where one is called gtm, and zone files name variables that
hold secrets. So what is nearly the name of a setting is said at once, the rest once the zones are
known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from gtm.receivers import Guarded, Where

PREFIX: Final = "GTM_"
# read by commands, by checks' programs, by the build
BESIDE: Final = frozenset(
    {
        "GTM_CONFIG",
        "GTM_API_TOKEN",
        "GTM_API_TOKEN_FILE",
        "GTM_API_CA",
        "GTM_TRACEBACK",
        "GTM_REQUIRE_NATIVE",
        "GTM_ADDRESS",
        "GTM_PORT",
        "GTM_NAME",
    }
)
# what Kubernetes tells pods of services (its documentation: "Accessing the Service")
OF_SERVICES: Final = re.compile(
    r"GTM_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
ALIKE: Final = 0.8  # of difflib's ratio: GTM_ZONE is, GTM_ACME_SECRET is not GTM_COOKIE_SECRETS


@dataclass(frozen=True, slots=True)
class Strange:
    """A variable that is not read; `meant` is the one it is nearly the name of, or ""."""

    name: str
    meant: str


def strange(environment: Mapping[str, str], settings: Collection[str]) -> list[Strange]:
    """Those that nobody reads, by name. `settings` are keys, as in `rate_limit`."""
    known = BESIDE | {PREFIX + key.upper() for key in settings}
    found = (name for name in environment if name.upper().startswith(PREFIX) and name not in known)
    return [
        Strange(name, _nearest(name, known))
        for name in sorted(found)
        if not OF_SERVICES.fullmatch(name)
    ]


def named(secrets: Iterable[Guarded | None]) -> Iterator[str]:
    """The variables that hold these secrets."""
    for each in secrets:
        if each is not None and each.where is Where.ENVIRONMENT:
            yield each.value


def _nearest(name: str, known: Collection[str]) -> str:
    """By what stands behind the prefix: that all have it makes nothing alike."""
    words = sorted(word.removeprefix(PREFIX) for word in known)
    found = get_close_matches(name.upper().removeprefix(PREFIX), words, n=1, cutoff=ALIKE)
    return PREFIX + found[0] if found else ""
