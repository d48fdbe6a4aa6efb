"""Metrics as Prometheus reads them, in pieces: a server of ten thousand services has many.

The text format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

LINES = 100  # of a piece

Labelled = tuple[tuple[str, ...], float]
Part = Metric | None
"""What collectors give: a family that is whole, or None where the rest may have its turn."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """A family of gauges whose samples are made as they are written; None is as in a Part."""

    name: str
    text: str
    labels: tuple[str, ...]
    samples: Iterable[Labelled | None]


def written(parts: Iterable[Part | Gauges]) -> Iterator[str]:
    """The whole page."""
    for part in parts:
        if part is None:
            yield ""
        elif isinstance(part, Gauges):
            yield from _gauges(part)
        else:
            yield generate_latest(_Only(part)).decode()


class _Only(CollectorRegistry):
    """A registry of one family, as the library writes no less."""

    def __init__(self, metric: Metric) -> None:
        super().__init__(auto_describe=False)
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _gauges(family: Gauges) -> Iterator[str]:
    yield f"# HELP {family.name} {family.text}\n# TYPE {family.name} gauge\n"
    lines: list[str] = []
    for sample in family.samples:
        if sample is None:
            yield ""
            continue
        values, value = sample
        pairs = zip(family.labels, values, strict=True)
        said = ",".join(f'{label}="{_escaped(each)}"' for label, each in sorted(pairs))
        lines.append(f"{family.name}{{{said}}} {_number(value)}\n")
        if len(lines) == LINES:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(float(value))


def _escaped(text: str) -> str:
    if "\\" not in text and '"' not in text and "\n" not in text:
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
