"""What answers packets from a snapshot."""

from collections.abc import Sequence
from typing import Protocol

from gtm.dns.conduct import Conduct
from gtm.planes.back import Peers
from gtm.planes.stats import Kinds, SocketStats, Sums
from gtm.querylog import Tap
from gtm.snapshot import Snapshot


class Plane(Protocol):
    """What every plane can do; `name` is what `gtm version` and the metrics call it."""

    name: str
    peers: Peers  # set before anything is published
    retired: bool  # nothing new is received, see `retire`

    @property
    def stats(self) -> Sequence[SocketStats]:
        """The counters of its sockets."""

    def summed(self, kinds: Kinds) -> Sums:
        """Answers so far by kind of tally: few numbers of hundreds of thousands, and quickly."""

    def prepare(self, snapshot: Snapshot) -> None:
        """Reads a snapshot that was compiled from scratch, in a worker thread.

        So publishing it, or one that was made from it, does not keep the control loop.
        """

    def publish(self, snapshot: Snapshot) -> None:
        """Answers from this snapshot from now on; the first one starts the answering."""

    def count(self) -> None:
        """Brings the counts of area tables (`AreaTable.asked`) up to date."""

    def behave(self, conduct: Conduct) -> None:
        """Answers by another conduct from now on."""

    def tap(self, tap: Tap) -> None:
        """Leaves what is answered there from now on, for the query log."""

    def limited(self) -> list[tuple[str, int, int]]:
        """Networks over the rate limit since the last call: answers cut, and dropped."""

    def alive(self) -> bool:
        """Whether every thread runs that answers; also before the first snapshot."""

    def retire(self) -> None:
        """Receives and accepts nothing from now on, as another process has the sockets and does.

        What was received is answered; connections are served until their clients end them or send
        nothing for a second.
        """

    def stop(self) -> None:
        """Stops answering and closes the sockets."""
