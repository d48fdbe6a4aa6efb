"""From what is written of HTTPS, SVCB and SRV for apps and services to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gtm.published import Binding, Dispatch, Published
from gtm.zonefile import publishedvalues as values
from gtm.zonefile.appshape import AppShape, ServiceShape
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong
from gtm.zonefile.publishedshape import BindingShape, DispatchShape, NoBinding, SvcbShape

S = TypeVar("S")
V = TypeVar("V")


@dataclass(slots=True)
class PublishedReader:
    """Reads what is published of the services of one app; the app's is what services begin with."""

    document: Document
    findings: Findings

    def of_app(self, shape: AppShape, path: KeyPath) -> Published:
        """What services have that say nothing else."""
        return Published(
            self._https(shape.https, path),
            self._svcb(shape.svcb or {}, path),
            self._srv(shape.srv or {}, path),
        )

    def of_service(self, shape: ServiceShape, app: Published, path: KeyPath) -> Published:
        """What a service has: for each key its own, else the app's."""
        return Published(
            app.https if shape.https is None else self._https(shape.https, path),
            app.svcb if shape.svcb is None else self._svcb(shape.svcb, path),
            app.srv if shape.srv is None else self._srv(shape.srv, path),
            shape.alias,
        )

    def _https(self, shape: BindingShape | None, path: KeyPath) -> Binding | None:
        if shape is None or isinstance(shape, NoBinding):
            return None
        return self._binding(shape, (*path, "https"))

    def _svcb(
        self, written: Mapping[str, SvcbShape], path: KeyPath
    ) -> tuple[tuple[str, Binding], ...]:
        return self._each(written, (*path, "svcb"), values.scheme, self._binding)

    def _srv(
        self, written: Mapping[str, DispatchShape], path: KeyPath
    ) -> tuple[tuple[str, Dispatch], ...]:
        return self._each(written, (*path, "srv"), values.protocol_pair, _dispatch)

    def _each(
        self,
        written: Mapping[str, S],
        path: KeyPath,
        label_of: Callable[[str], str],
        read: Callable[[S, KeyPath], V],
    ) -> tuple[tuple[str, V], ...]:
        found: dict[str, V] = {}
        for key, shape in written.items():
            here = (*path, key)
            value = read(shape, here)
            try:
                label = label_of(key)
            except Wrong as wrong:
                self.findings.wrong(self.document.key(here), wrong.problem, wrong.remedy)
                continue
            if label in found:
                spot = self.document.key(here)
                self.findings.wrong(spot, f"`{label}` is written twice", "keep one of them")
            found[label] = value
        return tuple(found.items())

    def _binding(self, shape: BindingShape, path: KeyPath) -> Binding:
        dohpath = shape.dohpath if isinstance(shape, SvcbShape) else ""
        self._judge(shape, dohpath, path)
        return Binding(
            tuple(shape.alpn),
            not shape.no_default_alpn,
            shape.port,
            shape.ech,
            dohpath,
            tuple(shape.mandatory),
            shape.hints,
        )

    def _judge(self, shape: BindingShape, dohpath: str, path: KeyPath) -> None:
        document, findings = self.document, self.findings
        if shape.no_default_alpn and not shape.alpn:
            findings.wrong(
                document.at((*path, "no_default_alpn")),
                "no protocol is left: `no_default_alpn` needs `alpn` (RFC 9460 section 7.1.1)",
                "write `alpn: [h2]`, or remove it",
            )
        for key, listed in (("alpn", shape.alpn), ("mandatory", shape.mandatory)):
            for position, one in enumerate(listed):
                if one in listed[:position]:
                    spot = document.at((*path, key, position))
                    findings.wrong(spot, f"`{one}` is written twice", "keep one of them")
        there = {
            "alpn": bool(shape.alpn),
            "no-default-alpn": shape.no_default_alpn,
            "port": shape.port is not None,
            "ech": bool(shape.ech),
            "dohpath": bool(dohpath),
        }
        for position, one in enumerate(shape.mandatory):
            if not there[one]:
                findings.wrong(
                    document.at((*path, "mandatory", position)),
                    f"`{one}` is mandatory, but the record has none (RFC 9460 section 8)",
                    f"write `{one.replace('-', '_')}`, or remove it here",
                )


def _dispatch(shape: DispatchShape, path: KeyPath) -> Dispatch:
    return Dispatch(shape.port, shape.regions)
