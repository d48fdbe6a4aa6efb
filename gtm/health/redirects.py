"""Follows redirects of one probe: a few, never in a circle, and never away from the endpoint.

A redirect to another host or port would judge that one in place of the endpoint, and would let
an endpoint send probes wherever it likes: it is a failure, in words that name where it leads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from yarl import URL

# Statuses that send a client elsewhere (RFC 9110 section 15.4); 300 and 304 name no one place.
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# All that may stand in a URL (RFC 3986 section 2), and more; what could break a request may not.
_VISIBLE = re.compile(r"[!-~]+")

# How much of a place that an endpoint names stands in a reason.
SHOWN = 80


class Astray(Exception):  # noqa: N818  # what an endpoint did, not a fault of gtm
    """A redirect is not followed; str() is why, to go after "HTTP 302 from ..., a redirect"."""


@dataclass(slots=True)
class Trail:
    """Where one probe has been. `home` is what it first asked, by its Host header.

    `most` is how many redirects may be followed. `port` is the endpoint's, which a Host header
    need not name.
    """

    home: URL
    method: str
    most: int
    port: int | None = None
    _here: URL = field(init=False)
    _been: list[tuple[str, str]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """It has been at home."""
        self._here = self.home
        self._been.append((self.method, self.home.raw_path_qs))

    def follow(self, status: int, location: str | None) -> tuple[str, str]:
        """The method and the path to ask for next. Raises Astray where there is none."""
        if not location:
            raise Astray("that does not say where to")
        there = self._place(location)
        path = there.raw_path_qs
        if self._see_other(status):
            self.method = "GET"
        step = (self.method, path)
        if step in self._been:
            circle = self._been[self._been.index(step) :]
            raise Astray(f"in a loop: {' to '.join(_cut(at) for _, at in [*circle, step])}")
        if len(self._been) > self.most:
            what = "one redirect" if self.most == 1 else f"{self.most} redirects"
            raise Astray(f"to {_cut(path)} after {what}, and no more are followed")
        self._been.append(step)
        self._here = there
        return step

    def _place(self, location: str) -> URL:
        """What `location` names, seen from here (RFC 9110 section 10.2.2)."""
        try:
            there = self._here.join(URL(location, encoded=True))
            stays = self._is_here(there)
        except ValueError:
            raise Astray(f"to {_cut(location)}, which is no place") from None
        if not _VISIBLE.fullmatch(location):
            raise Astray(f"to {_cut(location)}, which is no place")
        if not stays:
            raise Astray(f"to {_cut(location)}, which is not this endpoint")
        return there

    def _is_here(self, there: URL) -> bool:
        return _site(there) == _site(self.home) and there.port in (self.home.port, self.port)

    def _see_other(self, status: int) -> bool:
        """Whether the redirect turns the request into a GET (RFC 9110 sections 15.4.2 to 15.4.4).

        Like browsers do, for POST at 301 and 302 as well.
        """
        if status == 303:
            return self.method != "HEAD"
        return status in (301, 302) and self.method == "POST"


def _site(url: URL) -> tuple[str, str]:
    return url.scheme.lower(), (url.raw_host or "").lower()


def _cut(text: str) -> str:
    """What an endpoint sent, fit for a line of a log."""
    clean = "".join(each if each.isprintable() else "?" for each in text[:SHOWN])
    return clean + "…" if len(text) > SHOWN else clean
