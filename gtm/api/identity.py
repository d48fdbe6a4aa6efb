"""The API's `/v1/whoami` and `/v1/tokens`: who calls, and who may."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gtm.api.access.acting import Access
from gtm.api.access.callers import caller_of
from gtm.api.access.tokens import ordered
from gtm.api.call import Call
from gtm.api.certificate import certificate, certificate_metrics
from gtm.api.models import AccessStatus, CallerShape, TokenShape, TokensShape

REFUSED = (401, 403, 429)


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
        certificate=certificate(access.keeper),
    )


def access_metrics(access: Access) -> Iterable[Metric]:
    """How the API is guarded, and whom it refused, for Prometheus."""
    tokens = GaugeMetricFamily("gtm_api_tokens", "Tokens that may call the API.")
    tokens.add_metric([], len(access.tokens.tokens.all))
    good = GaugeMetricFamily("gtm_api_tokens_ok", "0 while the file of tokens can't be used.")
    good.add_metric([], float(access.tokens.error is None))
    audit = GaugeMetricFamily("gtm_audit_ok", "0 while acts can't be written to the audit trail.")
    audit.add_metric([], float(access.trail.unsaved is None))
    refused = CounterMetricFamily(
        "gtm_api_refused",
        "Requests refused for who sends them (401, 403) or how often (429).",
        labels=["status"],
    )
    for status in REFUSED:
        refused.add_metric([str(status)], access.refused[status])
    yield from (tokens, good, audit, refused)
    if access.keeper is not None:
        yield from certificate_metrics(access.keeper, "gtm_api", "the API")
