"""Before any handler: who calls, whether they may, and how often.

Over the Unix socket file mode decides who gets this far. Over TCP a token is needed once there is
a file of tokens; until then the API listens on loopback alone, everything on this machine may use
it, and only pages in browsers and what proxies pass on are kept out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from gtm.api.access import browsers
from gtm.api.access.acting import Access
from gtm.api.access.callers import (
    CALLER,
    Caller,
    Peer,
    Via,
    of_token,
    peer_of,
    stranger,
    trusted,
)
from gtm.api.access.forwarded import passed_on
from gtm.api.access.rates import FAILURES, TOLD, Rates
from gtm.api.access.tokens import Token
from gtm.api.call import replied
from gtm.api.dispatch import Answering, route_of
from gtm.api.models import ErrorShape
from gtm.api.scopes import Scope
from gtm.planes.limits import client_of

SCHEME = "bearer"  # RFC 6750 section 2.1; schemes have no case (RFC 9110 section 11.1)
LONGEST = 1024  # characters of the header: a token has 77
HEALTH = frozenset({"/healthz", "/readyz"})  # balancers and orchestrators ask by any name
BRAKE = 0.5  # seconds that an answer to who asks too often waits: so one connection is two a second
WRONG, MISSING = "invalid_token", "insufficient_scope"  # RFC 6750 section 3.1
GONE = "cannot answer: the connection was reset, and nobody can tell whose it was"
MAKE_ANY = "make tokens with `gtm keys token add NAME` (docs/security.md)"
MAKE = "make one with `gtm keys token add NAME --scope {scope}`"

log = structlog.get_logger("gtm.api")

Pause = Callable[[float], Awaitable[None]]


class Refused(Exception):  # noqa: N818  # it reads as what it says of a request
    """A request that goes no further: its status, why, and headers that say more."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        """`headers` are written with underscores for hyphens."""
        super().__init__(why)
        self.status = status
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}


@dataclass(slots=True)
class Guard:
    """Judges requests. `now` is Unix time, `clock` monotonic seconds."""

    access: Access
    now: Callable[[], float]
    clock: Callable[[], float]
    pause: Pause = asyncio.sleep
    _failures: Rates = field(default_factory=lambda: Rates(*FAILURES))
    _told: Rates = field(default_factory=lambda: Rates(*TOLD))

    def middleware(self) -> Middleware:
        """For the application; stands inside what makes errors sentences."""

        @web.middleware
        async def guard(request: web.Request, handler: Answering) -> web.StreamResponse:
            try:
                request[CALLER] = self.admit(request)
            except Refused as refused:
                return await self._refusal(request, refused)
            return await handler(request)

        return guard

    def admit(self, request: web.Request) -> Caller:
        """Who sent a request, if it may go on. Raises Refused."""
        peer = peer_of(request)
        if peer is None:
            raise Refused(403, GONE)
        if request.path in HEALTH:
            return stranger(peer)
        if not peer.is_unix:
            self._keep_pages_out(request)
        scope, doing = _scope(request), _doing(request)
        caller = self._caller(request, peer, scope, doing)
        self._brake(caller, peer)
        if caller.may(scope):
            return caller
        if caller.via is Via.NOTHING:
            raise self._failure(peer, f"cannot {doing}: a token is needed here; {_make(scope)}")
        missing = f"{caller.said} may {' and '.join(caller.scope_names)}, and this needs {scope}"
        raise self._failure(peer, f"cannot {doing}: {missing}; {_make(scope)}", MISSING, scope)

    def _keep_pages_out(self, request: web.Request) -> None:
        host = request.headers.get(hdrs.HOST)
        why = None
        if not self.access.tokens.needed and host is not None:
            why = browsers.foreign_host(host)
        why = why or browsers.foreign_page(request.method, request.headers)
        if why is not None:
            raise Refused(403, why)

    def _caller(self, request: web.Request, peer: Peer, scope: Scope, doing: str) -> Caller:
        """By the token that is shown, on the Unix socket too; else by where the request is from."""
        shown = request.headers.getall(hdrs.AUTHORIZATION, [])
        proxied = _proxied(request, peer)
        if not self.access.tokens.needed:
            if proxied is not None:
                why = f"cannot {doing} through a proxy without a token: {proxied}"
                self._tell(peer, why)
                raise Refused(403, why)
            return trusted(peer)
        if not shown and peer.is_unix and proxied is None:
            return trusted(peer)
        if not shown:
            return stranger(peer)
        text = bearer(shown)
        if text is None:
            why = "send the token as `Authorization: Bearer gtm_...`, once"
            raise self._failure(peer, f"cannot {doing}: {why}", WRONG)
        return of_token(self._token(text, peer, scope, doing), peer)

    def _token(self, text: str, peer: Peer, scope: Scope, doing: str) -> Token:
        token, now = self.access.tokens.tokens.find(text), self.now()
        if token is None:
            why = f"this token is not known here, or was revoked; {_make(scope)}"
            raise self._failure(peer, f"cannot {doing}: {why}", WRONG)
        if token.expired(now):
            why = f"the token {token.name} has expired; {_make(scope)}"
            raise self._failure(peer, f"cannot {doing}: {why}", WRONG)
        self.access.tokens.note_use(token, now)
        return token

    def _brake(self, caller: Caller, peer: Peer) -> None:
        """For every caller but those of the Unix socket, whom nothing may keep from their work."""
        if peer.is_unix:
            return
        key = f"token {caller.name}" if caller.via is Via.TOKEN else client_of(peer.address)
        if wait := self.access.calls.take(key, self.clock()):
            why = f"cannot answer {caller.said}: it asks too often; try again in {_whole(wait)} s"
            raise Refused(429, why, Retry_After=str(_whole(wait)))

    def _failure(self, peer: Peer, why: str, code: str = "", scope: Scope | None = None) -> Refused:
        """Who has no right to it: 401, 403 where it is known who that is (RFC 6750 section 3.1).

        Whoever fails often gets 429. A token that is good passes even then: an address may have
        many callers behind it, and no failure of one may lock the others out.
        """
        self._tell(peer, why)
        if wait := self._failures.take(_place(peer), self.clock()):
            often = f"{peer.place} was refused too often; try again in {_whole(wait)} s"
            return Refused(429, f"cannot answer: {often}", Retry_After=str(_whole(wait)))
        challenge = 'Bearer realm="gtm"' + (f', error="{code}"' if code else "")
        if scope is None:
            return Refused(401, why, WWW_Authenticate=challenge)
        return Refused(403, why, WWW_Authenticate=f'{challenge}, scope="{scope}"')

    def _tell(self, peer: Peer, why: str) -> None:
        if not self._told.take(_place(peer), self.clock()):
            log.warning("api_refused", address=peer.place, why=why)

    async def _refusal(self, request: web.Request, refused: Refused) -> web.Response:
        self.access.refused[refused.status] += 1
        if refused.status == 429:
            await self.pause(BRAKE)
        found = replied(ErrorShape(error=str(refused)), refused.status)
        found.headers.update(refused.headers)
        return found


def _place(peer: Peer) -> str:
    return "unix" if peer.is_unix else client_of(peer.address)


def _proxied(request: web.Request, peer: Peer) -> str | None:
    """Why a request is not taken for one of who it comes from, and what to do; None if it is."""
    host = None if peer.is_unix else request.headers.get(hdrs.HOST)
    found = passed_on(request.version, request.headers, host)
    return None if found is None else f"{found}; {MAKE_ANY}, and pass `Authorization` on"


def bearer(shown: list[str]) -> str | None:
    """The token in what Authorization headers say; None where there is not exactly one."""
    if len(shown) != 1 or len(shown[0]) > LONGEST:
        return None
    scheme, _, text = shown[0].strip().partition(" ")
    return text.strip() if scheme.lower() == SCHEME and text.strip() else None


def _scope(request: web.Request) -> Scope:
    """What the call needs: what does not exist needs nothing, what is in no table to be read."""
    if request.match_info.http_exception is not None:
        return Scope.OPEN
    route = route_of(request)
    return Scope.READ if route is None else route.scope


def _doing(request: web.Request) -> str:
    route = None if request.match_info.http_exception is not None else route_of(request)
    return f"answer {request.path[:200]}" if route is None else route.act


def _make(scope: Scope) -> str:
    return MAKE.format(scope=(Scope.READ if scope is Scope.OPEN else scope).value)


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
