"""The query log never makes anybody wait, and says what it loses."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from gtm.dns.transport import Transport
from gtm.errors import GtmError
from gtm.querylog import Tap, Writer, framestream, parse_place
from gtm.querylog.entry import Entry
from gtm.querylog.sinks import FileSink, Format, SocketSink
from gtm.snapshot import Tally


def entry(number: int = 0) -> Entry:
    nothing = Tally("", "", "", "", "")
    return Entry(float(number), "192.0.2.1", 0, Transport.UDP, b"", b"", nothing, number)


class Memory:
    """A sink that can be made to fail."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.fails = False

    def write(self, encoded: Sequence[bytes]) -> None:
        if self.fails:
            raise OSError(28, "No space left on device")
        self.written += encoded

    def close(self) -> None:
        self.written.append(b"closed")


def test_a_full_tap_loses_entries_and_counts_them() -> None:
    tap = Tap(room=3)
    for number in range(5):
        tap.put(entry(number))
    assert tap.lost == 2
    assert [one.epoch for one in tap.take(0.0)] == [0, 1, 2]
    assert tap.take(0.0) == []


def test_a_sample_is_each_nth_answer() -> None:
    tap = Tap(every=4)
    assert [tap.wants() for _ in range(8)] == [False, False, False, True] * 2


def test_a_place_that_fails_is_tried_again_after_ever_longer_rests() -> None:
    now = 0.0
    tap, sink = Tap(), Memory()
    writer = Writer(tap, sink, lambda one: b"%d" % one.epoch, "memory", lambda: now)
    sink.fails = True
    for number, at in enumerate((0.0, 0.5, 1.0, 2.5, 3.0)):
        now = at
        tap.put(entry(number))
        writer.step(0.0)
    assert (writer.written, writer.lost) == (0, 5)
    sink.fails = False
    now = 6.9
    tap.put(entry(6))
    writer.step(0.0)
    assert sink.written == []
    now = 7.0
    tap.put(entry(7))
    writer.step(0.0)
    assert sink.written == [b"7"]
    assert (writer.written, writer.lost) == (1, 6)


def test_an_entry_that_cannot_be_encoded_costs_no_other() -> None:
    tap, sink = Tap(), Memory()

    def encode(one: Entry) -> bytes:
        if one.epoch == 1:
            raise ValueError("a fault")
        return b"%d" % one.epoch

    writer = Writer(tap, sink, encode, "memory", lambda: 0.0)
    for number in range(3):
        tap.put(entry(number))
    writer.step(0.0)
    assert sink.written == [b"0", b"2"]
    assert writer.lost == 1


def test_what_is_left_is_written_at_the_end() -> None:
    tap, sink = Tap(), Memory()
    writer = Writer(tap, sink, lambda one: b"%d" % one.epoch, "memory")
    tap.put(entry(5))
    writer.start()
    writer.stop()
    assert sink.written == [b"5", b"closed"]


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    sink = FileSink(path, Format.JSON)
    sink.write([b"1\n"])
    path.rename(tmp_path / "older")
    sink.write([b"2\n", b"3\n"])
    sink.close()
    assert (tmp_path / "older").read_bytes() == b"1\n"
    assert path.read_bytes() == b"2\n3\n"
    assert path.stat().st_mode & 0o007 == 0


def test_a_file_is_appended_to_but_a_stream_that_ended_is_set_aside(tmp_path: Path) -> None:
    for _ in range(2):
        lines = FileSink(tmp_path / "lines", Format.JSON)
        lines.write([b"1\n"])
        lines.close()
        stream = FileSink(tmp_path / "stream", Format.DNSTAP)
        stream.write([b"frame"])
        stream.close()
    assert (tmp_path / "lines").read_bytes() == b"1\n1\n"
    whole = framestream.START + b"\0\0\0\5frame" + framestream.STOP
    assert [each.read_bytes() for each in sorted(tmp_path.glob("stream*"))] == [whole, whole]


def test_places_are_files_or_sockets() -> None:
    assert str(parse_place("unix:/run/tap.sock")) == "unix:/run/tap.sock"
    assert not parse_place("/var/log/queries").is_socket
    with pytest.raises(ValueError, match="a path is missing"):
        parse_place("unix:")


CONTROL = struct.Struct("!III")


class Reader:
    """A reader of Frame Streams at a Unix socket, as far as one connection needs."""

    def __init__(self, path: Path, accepts: bytes) -> None:
        self.heard = b""
        self._accepts = accepts
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        connection, _ = self._listening.accept()
        with connection, contextlib.suppress(ConnectionError):
            connection.settimeout(10)
            connection.recv(len(framestream.READY))
            connection.sendall(self._accepts)
            while not self.heard.endswith(framestream.STOP):
                more = connection.recv(4096)
                if not more:
                    return
                self.heard += more
            connection.sendall(CONTROL.pack(0, 4, 5))

    def end(self) -> None:
        self._thread.join(10)
        self._listening.close()


ACCEPT = framestream.READY[:8] + struct.pack("!I", 1) + framestream.READY[12:]


def test_a_reader_of_frame_streams_gets_a_whole_stream(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "tap", ACCEPT)
    sink = SocketSink(tmp_path / "tap", Format.DNSTAP)
    sink.write([b"one", b"three"])
    sink.close()
    reader.end()
    frames = b"\0\0\0\3one\0\0\0\5three"
    assert reader.heard == framestream.START + frames + framestream.STOP


@pytest.mark.parametrize(
    "accepts",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", CONTROL.pack(0, 4, 1), CONTROL.pack(0, 9999, 1)],
)
def test_a_reader_that_speaks_something_else_is_given_up(tmp_path: Path, accepts: bytes) -> None:
    reader = Reader(tmp_path / "tap", accepts)
    sink = SocketSink(tmp_path / "tap", Format.DNSTAP)
    with pytest.raises(GtmError, match="cannot write dnstap"):
        sink.write([b"one"])
    reader.end()


def test_a_socket_nobody_listens_on_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        SocketSink(tmp_path / "tap", Format.JSON).write([b"{}\n"])
