"""A name that is not there: what may have been meant."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gtm.explain import explain
from tests.worlds import ROOT, compile_world

EXAMPLE = (ROOT / "zones" / "example.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("order.gtm.example.com", "; did you mean orders.gtm.example.com?"),
        ("orders", "; did you mean orders.gtm.example.com?"),
        ("paymnts.gtm.example.com", "; did you mean payments.gtm.example.com?"),
        ("orders.gtm.exmple.com", "; did you mean orders.gtm.example.com?"),
        ("nothing.at.all", ""),
        ("zzz.gtm.example.com", ""),
        ("orders.gtm.example.com", ""),
    ],
)
def test_names_that_are_close_are_named(asked: str, meant: str) -> None:
    compiled = compile_world({"gtm.yaml": EXAMPLE})
    found = explain(compiled, asked, "A", ip_address("192.0.2.1"), 0.0)
    assert found.summary.endswith(meant)
    assert ("did you mean" in found.summary) is bool(meant)
