"""The API's `/v1/whoami` and `/v1/tokens`: who calls, and who may."""

from __future__ import annotations

from gtm.api.access.acting import Access
from gtm.api.access.callers import caller_of
from gtm.api.access.tokens import ordered
from gtm.api.call import Call
from gtm.api.models import AccessStatus, CallerShape, TokenShape, TokensShape


async def whoami(call: Call[None, None]) -> CallerShape:
    """Who the server takes the caller for, and what that caller may."""
    by = caller_of(call.request)
    return CallerShape(
        name=by.name,
        via=by.via.value,
        scopes=by.scope_names,
        tokens_needed=call.serving.access.tokens.needed,
    )


async def tokens(call: Call[None, None]) -> TokensShape:
    """Every token, and when it was used last."""
    file, now = call.serving.access.tokens, call.serving.now()
    return TokensShape(
        now=now,
        path=None if file.path is None else str(file.path.absolute()),
        needed=file.needed,
        error=file.error,
        tokens=[
            TokenShape(
                id=one.id,
                name=one.name,
                scopes=ordered(one.scopes),
                made=one.made,
                made_by=one.made_by,
                expires=one.expires,
                expired=one.expired(now),
                last_used=file.used.get(one.id),
            )
            for one in file.tokens.all
        ],
    )


def access_status(access: Access) -> AccessStatus:
    """How the API is guarded, for status."""
    return AccessStatus(
        tokens_needed=access.tokens.needed,
        tokens=len(access.tokens.tokens.all),
        tokens_error=access.tokens.error,
        audit_unsaved=access.trail.unsaved,
    )
