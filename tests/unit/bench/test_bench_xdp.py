"""The comparison past the kernel's sockets."""

from __future__ import annotations

import pytest

from bench.xdp import parse
from gtm.errors import GtmError

REPORT = """using interface vclient, XDP threads 1, UDP, native mode
total queries:     300000 (100000 pps)
total replies:     299970 (99990 pps) (99%)
average DNS reply size: 52 B
"""


def test_questions_and_answers_are_as_the_report_counts_them() -> None:
    assert parse(REPORT) == (300000, 299970)


@pytest.mark.parametrize("text", ["", "total queries: 10 (1 pps)\ntotal replies: 0 (0 pps)\n"])
def test_a_report_without_answers_is_no_measurement(text: str) -> None:
    with pytest.raises(GtmError, match="cannot read kxdpgun's report"):
        parse(text)
