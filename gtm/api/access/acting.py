"""Who may call, and the line in the audit trail that each act leaves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

from gtm.api.access.callers import Caller, Via, caller_of
from gtm.api.access.rates import CALLS, Rates
from gtm.api.access.tokenfile import TokenFile
from gtm.audit import Trail
from gtm.planes.certificate import Keeper


@dataclass(frozen=True, slots=True)
class Access:
    """What the API needs for it: the tokens, the trail, and how often each caller may ask.

    `keeper` has the certificate of the API over TLS; `refused` counts requests by their status.
    """

    trail: Trail
    tokens: TokenFile = field(default_factory=lambda: TokenFile(None))
    keeper: Keeper | None = None
    refused: Counter[int] = field(default_factory=Counter)
    calls: Rates = field(default_factory=lambda: Rates(*CALLS))

    def lets(self, caller: Caller, now: float) -> bool:
        """Whether a caller that was let in still would be; `now` is Unix time. For long answers."""
        if caller.token is not None:
            return self.tokens.tokens.holds(caller.token, now)
        return caller.via is not Via.LOOPBACK or not self.tokens.needed

    def note(
        self,
        request: web.Request,
        act: str,
        target: str,
        *,
        before: str,
        after: str,
        reason: str = "",
        author: str = "",
    ) -> None:
        """Tells of an act that was done for a request. `author` is who it says it is for."""
        by = caller_of(request)
        self.trail.note(
            by.name,
            by.via.value,
            by.address,
            act,
            target,
            before=before,
            after=after,
            reason=reason,
            author=author,
        )
