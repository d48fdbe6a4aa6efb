"""Load at a steady rate, with the time of every answer; paced.c says how it asks."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.dnsperf import LoadReport
from bench.program import compiled, pinned
from gtm.errors import GtmError

SOURCE = Path(__file__).with_name("paced.c")
GRACE = 5.0  # seconds past its time after which it is given up: it waits two for late answers
NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Answers:
    """Seconds until each answer, infinite where none came, in the order of `sent`.

    `sent` is when each question was sent, on the clock of time.monotonic.
    """

    sent: Sequence[float]
    took: Sequence[float]

    def between(self, start: float, end: float) -> Answers:
        """Those of questions that were sent from `start` until before `end`."""
        window = slice(bisect_left(self.sent, start), bisect_left(self.sent, end))
        return Answers(self.sent[window], self.took[window])

    def percentile(self, share: float) -> float:
        """The time within which this share of the questions was answered (nearest rank)."""
        if not self.took:
            raise GtmError("cannot tell a percentile: no question was asked")
        return sorted(self.took)[max(0, math.ceil(share * len(self.took)) - 1)]

    def report(self, seconds: float) -> LoadReport:
        """All of it in a few figures."""
        came = [took for took in self.took if took < math.inf]
        return LoadReport(
            sent=len(self.took),
            answered=len(came),
            seconds=seconds,
            latency=statistics.fmean(came) if came else 0.0,
            latency_deviation=statistics.pstdev(came) if came else 0.0,
            p50=self.percentile(0.5),
            p99=self.percentile(0.99),
        )


class Pacing:
    """A load that is under way."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, seconds: float) -> None:
        """`out` is where it writes, `seconds` how long it asks unless it is ended before."""
        self._process = process
        self._out = out
        self._seconds = seconds

    def end(self) -> Answers:
        """Asks no more, and gives what came."""
        self._process.terminate()
        return self.wait()

    def wait(self) -> Answers:
        """What came, when its time is over. Raises GtmError."""
        try:
            status = self._process.wait(self._seconds + GRACE)
        except subprocess.TimeoutExpired as error:
            raise GtmError(f"cannot pace questions: ran on past {error.timeout:g} s") from error
        if status:
            raise GtmError(f"cannot pace questions: the program ended with status {status}")
        return parse_answers(self._out.read_bytes())


@contextmanager
def pacing(
    questions: Path,
    port: int,
    rate: int,
    seconds: float,
    cores: Sequence[int],
    *,
    rests: bool = False,
) -> Iterator[Pacing]:
    """Asks in the background while the block runs, for `seconds` at the most.

    It needs its cores for itself, unless it `rests` between questions: then it goes before all
    else on them, where that is allowed (to root), and leaves them to others when it waits for
    nothing.
    """
    with TemporaryDirectory(prefix="gtm-paced-") as folder:
        out = Path(folder) / "answers"
        program = compiled(SOURCE, Path(folder))
        first = ["chrt", "--fifo", "1"] if rests and os.geteuid() == 0 else []
        command = [*first, *pinned(cores), str(program), str(port), str(rate), f"{seconds:g}"]
        command += [str(questions), str(out), *(["rest"] if rests else [])]
        process = subprocess.Popen(command)
        try:
            yield Pacing(process, out, seconds)
        finally:
            process.kill()
            process.wait()


def run_paced(
    questions: Path, port: int, rate: int, seconds: float, cores: Sequence[int]
) -> tuple[LoadReport, float]:
    """Asks for `seconds`; gives the report and the CPU seconds that asking used."""
    before = os.times()
    with pacing(questions, port, rate, seconds, cores) as load:
        answers = load.wait()
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return answers.report(seconds), used


def parse_answers(octets: bytes) -> Answers:
    """Reads what the program writes, and puts it in the order in which questions were sent."""
    numbers = array("q", octets)
    pairs = sorted(zip(numbers[::2], numbers[1::2], strict=True))
    return Answers(
        [sent / NANOSECONDS for sent, _ in pairs],
        [took / NANOSECONDS if took >= 0 else math.inf for _, took in pairs],
    )
