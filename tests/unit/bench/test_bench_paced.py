"""Load at a steady rate."""

from __future__ import annotations

import math
import os
import socket
import struct
import threading
from array import array
from pathlib import Path

import pytest

from bench.paced import Answers, parse_answers, run_paced
from gtm.errors import GtmError

CORES = (min(os.sched_getaffinity(0)),)


def test_answers_are_read_in_the_order_in_which_questions_were_sent() -> None:
    octets = array("q", [3_000_000_000, 5_000, 1_000_000_000, -1]).tobytes()
    answers = parse_answers(octets)
    assert answers.sent == [1.0, 3.0]
    assert answers.took == [math.inf, pytest.approx(5e-6)]


def test_a_window_has_the_questions_that_were_sent_in_it() -> None:
    answers = Answers([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.3, 0.4]).between(2.0, 4.0)
    assert answers.took == [0.2, 0.3]


def test_a_percentile_is_the_nearest_rank_and_an_answer_that_never_came_is_the_slowest() -> None:
    answers = Answers(
        [float(n) for n in range(100)], [*(n / 1000 for n in range(1, 100)), math.inf]
    )
    assert answers.percentile(0.5) == 0.05
    assert answers.percentile(0.99) == 0.099
    assert answers.percentile(1.0) == math.inf
    with pytest.raises(GtmError, match="no question was asked"):
        Answers([], []).percentile(0.5)


def test_every_question_is_sent_in_turn_and_its_answer_counted(tmp_path: Path) -> None:
    """Needs gcc (Debian package gcc), as measuring does."""
    messages = [b"\0\0\1\0\0\1\0\0\0\0\0\0" + bytes([number]) for number in range(3)]
    questions = tmp_path / "questions"
    questions.write_bytes(b"".join(struct.pack(">H", len(m)) + m for m in messages))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        heard: list[bytes] = []
        answering = threading.Thread(target=_echo, args=(server, heard, 10))
        answering.start()
        report, used = run_paced(questions, server.getsockname()[1], 100, 0.1, CORES)
        answering.join()
    assert (report.sent, report.answered) == (10, 10)
    assert [packet[12] for packet in heard] == [number % 3 for number in range(10)]
    assert [packet[:2] for packet in heard] == [bytes([0, number]) for number in range(10)]
    assert report.p50 is not None
    assert report.p99 is not None
    assert report.p50 <= report.p99
    assert used > 0


def _echo(server: socket.socket, heard: list[bytes], count: int) -> None:
    for _ in range(count):
        packet, client = server.recvfrom(512)
        heard.append(packet)
        server.sendto(packet, client)
