"""Driving dnsperf and reading its report."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dnsperf import LoadReport, load_command, parse_report
from bench.workload import WORKLOADS
from gtm.errors import GtmError

REPORT = """\
DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -s 127.0.0.1 -p 5300
[Status] Sending queries (to 127.0.0.1:5300)
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         830012
  Queries completed:    829998 (100.00%)
  Queries lost:         14 (0.00%)

  Response codes:       NOERROR 829990 (100.00%), SERVFAIL 8 (0.00%)
  Average packet size:  request 44, response 60
  Run time (s):         5.000150
  Queries per second:   165994.620161

  Average Latency (s):  0.000211 (min 0.000015, max 0.008551)
  Latency StdDev (s):   0.000180
"""


def test_the_report_is_read_whole() -> None:
    report = parse_report(REPORT)
    assert report == LoadReport(
        sent=830012,
        answered=829998,
        seconds=5.00015,
        latency=0.000211,
        latency_deviation=0.00018,
        codes={"NOERROR": 829990, "SERVFAIL": 8},
    )
    assert round(report.per_second) == 165995
    assert report.lost_share == pytest.approx(14 / 830012)


def test_a_run_without_any_answer_is_a_report_too() -> None:
    text = REPORT.replace("829998 (100.00%)", "0 (0.00%)").replace(
        "NOERROR 829990 (100.00%), SERVFAIL 8 (0.00%)", ""
    )
    report = parse_report(text)
    assert report.answered == 0
    assert report.codes == {}
    assert report.lost_share == 1.0


def test_output_that_is_no_report_is_an_error_that_says_so() -> None:
    with pytest.raises(GtmError, match="cannot read dnsperf's report"):
        parse_report("Error: unable to open input file")


def test_load_stays_on_loopback_and_is_bounded_in_time() -> None:
    for workload in WORKLOADS.values():
        command = load_command(workload, Path("questions"), 5300, 2.5)
        assert command[command.index("-s") + 1] == "127.0.0.1"
        assert command[command.index("-l") + 1] == "2.5"


def test_varying_client_subnets_use_the_binary_format_alone() -> None:
    command = load_command(WORKLOADS["udp-ecs"], Path("questions"), 5300, 5)
    assert "-B" in command
    assert "-e" not in command


def test_the_workload_sets_transport_connections_and_rate() -> None:
    tcp = " ".join(load_command(WORKLOADS["tcp"], Path("q"), 53, 5))
    assert "-m tcp" in tcp
    assert "-c 20" in tcp
