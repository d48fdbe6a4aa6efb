"""Who calls, and who may: tokens without anything secret."""

from __future__ import annotations

from pydantic import Field

from gtm.api.models.base import Shape
from gtm.api.models.certificate import CertificateStatus


class CallerShape(Shape):
    """Who sent the request.

    `via` is unix, token, loopback or nothing; `scopes` are those that it may use, with what they
    include. `tokens_needed` says whether calls over TCP need a token.
    """

    name: str
    via: str
    scopes: list[str]
    tokens_needed: bool


class TokenShape(Shape):
    """A token. Times are Unix time; `last_used` is since the server's start, null if it was not."""

    id: str
    name: str
    scopes: list[str]
    made: float
    made_by: str
    expires: float | None
    expired: bool
    last_used: float | None


class TokensShape(Shape):
    """All tokens. `error` says why what is in the file at `path` is not what is in force."""

    now: float
    path: str | None
    needed: bool
    error: str | None
    tokens: list[TokenShape]


class AccessStatus(Shape):
    """Who may call the API, for status.

    `tokens` is their number, `tokens_error` why what is in their file is not what is in force,
    `audit_unsaved` why acts are not on disk yet; both null while all is well. `certificate` is that
    of the API over TLS.
    """

    tokens_needed: bool = False
    tokens: int = Field(default=0, ge=0)
    tokens_error: str | None = None
    audit_unsaved: str | None = None
    certificate: CertificateStatus | None = None
