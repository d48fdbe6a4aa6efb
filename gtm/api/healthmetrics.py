"""Metrics of the checking itself: whether what is believed is looked after."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gtm.health import Checker


def health_metrics(checker: Checker) -> Iterable[Metric]:
    """All families."""
    text = "1 while the checker believes itself cut off, and no failure."
    yield GaugeMetricFamily("gtm_health_frozen", text, float(checker.frozen is not None))
    census = checker.census()
    targets = GaugeMetricFamily(
        "gtm_health_targets", "Targets that are probed, and those with a trouble.", labels=["are"]
    )
    for name in ("targets", "stale", "impaired", "disbelieved", "held"):
        targets.add_metric(["all" if name == "targets" else name], getattr(census, name))
    yield targets
    yield CounterMetricFamily("gtm_probes", "Probes of the present targets.", census.probes)
