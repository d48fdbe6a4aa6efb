"""The certificates that DNS over TLS and HTTPS, and the API, are served with: status, metrics."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gtm.api.models import CertificateStatus
from gtm.planes.certificate import Keeper


def certificate(keeper: Keeper | None) -> CertificateStatus | None:
    """How it stands; None where none is served."""
    if keeper is None:
        return None
    return CertificateStatus(
        path=str(keeper.path),
        names=keeper.shown(),
        expires=keeper.current.expires,
        error=keeper.error,
    )


def certificate_metrics(
    keeper: Keeper, prefix: str = "gtm_tls", what: str = "DNS over TLS and HTTPS"
) -> Iterable[Metric]:
    """When it ends, and whether what is on disk is what is served."""
    expires = GaugeMetricFamily(
        f"{prefix}_certificate_expires_timestamp_seconds",
        f"When the certificate of {what} ends, Unix time.",
    )
    expires.add_metric([], keeper.current.expires)
    good = GaugeMetricFamily(
        f"{prefix}_certificate_ok", "0 while the certificate on disk is not what is served."
    )
    good.add_metric([], float(keeper.error is None))
    renewals = CounterMetricFamily(
        f"{prefix}_certificate_renewals", "Renewed certificates that were taken."
    )
    renewals.add_metric([], keeper.renewals)
    yield from (expires, good, renewals)
