"""Metrics that are written in pieces are what the library writes at once."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gtm.api.exposition import Gauges, Labelled, written

LABELS = ("zone", "region")
SAMPLES = st.lists(
    st.tuples(st.tuples(st.text(), st.text()), st.floats() | st.integers().map(float)), max_size=250
)


class One:
    """A collector of one family."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric


def families(text: str) -> list[tuple[str, str, str, list[str]]]:
    return [
        (each.name, each.type, each.documentation, [repr(sample) for sample in each.samples])
        for each in text_string_to_metric_families(text)
    ]


@given(SAMPLES)
def test_what_is_written_reads_as_what_the_library_writes(samples: list[Labelled]) -> None:
    whole = GaugeMetricFamily("gtm_thing", "What it is.", labels=LABELS)
    for labels, value in samples:
        whole.add_metric(labels, value)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(One(whole))
    pieces = "".join(written([Gauges("gtm_thing", "What it is.", LABELS, samples)]))
    assert families(pieces) == families(generate_latest(registry).decode())


def test_samples_are_made_as_they_are_written_and_others_may_have_their_turn() -> None:
    made: list[int] = []

    def samples() -> Iterator[Labelled | None]:
        for number in range(1000):
            made.append(number)
            yield None if number % 10 == 0 else (("a", str(number)), 1.0)

    pieces = written([Gauges("gtm_thing", "What it is.", LABELS, samples())])
    next(pieces)
    assert next(pieces) == ""
    assert len(made) == 1
    assert "".join(pieces).count("gtm_thing{") == 900


def test_a_family_that_is_whole_is_written_by_the_library() -> None:
    (piece,) = written([GaugeMetricFamily("gtm_zones", "Zones.", 3)])
    assert piece == "# HELP gtm_zones Zones.\n# TYPE gtm_zones gauge\ngtm_zones 3.0\n"
