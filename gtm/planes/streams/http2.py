"""HTTP/2 of a DoH client (RFC 9113), by the library h2: many requests at once on one connection."""

from __future__ import annotations

from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from gtm.planes.streams import doh
from gtm.planes.streams.connection import Connection
from gtm.planes.streams.http1 import BAD_HTTP, FIELDS, HEAD, answered

STREAMS = 100  # at once (RFC 9113 section 5.1.2 advises no fewer)
# Events in a row that ask nothing (resets, pings, settings, empty frames): a client that sends
# more is after our time (RFC 9113 section 10.5).
IDLE_EVENTS = 1000
UNSENT = 1 << 17  # octets of answers that wait for a client's flow control, on all its streams

SETTINGS = {
    h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
    h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: HEAD,
    h2.settings.SettingCodes.ENABLE_PUSH: 0,
    h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: doh.LARGEST,
}


@dataclass(slots=True)
class _Stream:
    """A request on its way in, or an answer on its way out."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    answer: bytes = b""  # what is left to be sent
    done: bool = False  # whether it was answered


class Http2:
    """A client that speaks HTTP/2."""

    def __init__(self, connection: Connection) -> None:
        """Says how much it takes of a client."""
        self._connection = connection
        config = h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
        self._h2 = h2.connection.H2Connection(config)
        self._h2.local_settings = h2.settings.Settings(client=False, initial_values=SETTINGS)
        self._h2.initiate_connection()
        self._streams: dict[int, _Stream] = {}
        self._pending = bytearray()
        self._waiting = 0  # octets of answers that flow control holds back
        self._idle_events = 0
        self._flush()

    # --- the connection's calls -------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Answers every whole request that has come."""
        self._pending += data
        self.resume()

    def resume(self) -> None:
        """Goes on, unless the client has to read first."""
        if not self._pending or self._connection.full:
            return
        data = bytes(self._pending)
        self._pending.clear()
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except (h2.exceptions.ProtocolError, h2.exceptions.TooManyStreamsError):
            self._connection.stats.dropped[BAD_HTTP] += 1
            self._flush()
            self._connection.end()
            return
        self._flush()
        if self._idle_events > IDLE_EVENTS or self._waiting > UNSENT:
            self._connection.stats.dropped[BAD_HTTP] += 1
            self._connection.end()

    def farewell(self) -> None:
        """No further requests: GOAWAY (RFC 9113 section 6.8)."""
        try:
            self._h2.close_connection()
        except h2.exceptions.ProtocolError:
            return
        self._flush()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._connection.send(data)

    # --- events -----------------------------------------------------------------------------

    def _take(self, event: h2.events.Event) -> None:
        self._idle_events += 1
        match event:
            case h2.events.RequestReceived():
                self._begin(event)
            case h2.events.DataReceived():
                self._body(event)
            case h2.events.StreamEnded():
                self._end(event.stream_id)
            case h2.events.StreamReset():
                self._forget(event.stream_id)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self._push_all()
            case h2.events.ConnectionTerminated():
                self._connection.end()

    def _begin(self, event: h2.events.RequestReceived) -> None:
        stream = self._streams[event.stream_id] = _Stream()
        for name, value in event.headers or ():
            text, words = _text(name), _text(value)
            if text == ":method":
                stream.method = words
            elif text == ":path":
                stream.target = words
            elif len(stream.headers) < FIELDS:
                stream.headers[text] = words

    def _body(self, event: h2.events.DataReceived) -> None:
        # what was read makes room for more, whatever becomes of it
        self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.done:
            return
        stream.body += event.data or b""
        if len(stream.body) > doh.LARGEST:
            self._send(event.stream_id, stream, doh.too_large())

    def _end(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is None or stream.done:
            return
        request = doh.Request(stream.method, stream.target, stream.headers, bytes(stream.body))
        asked = doh.query(request)
        if isinstance(asked, bytes):
            self._idle_events = 0
            asked = answered(self._connection, asked)
        self._send(number, stream, asked)
        # A TLS record each: dnsperf, for one, takes a single answer out of what it reads at once,
        # which is a record, and waits for the others in vain.
        self._flush()

    def _send(self, number: int, stream: _Stream, response: doh.Response) -> None:
        stream.done = True
        stream.body.clear()
        head = stream.method == "HEAD"
        fields = [(":status", str(response.status)), *response.headers]
        fields.append(("content-length", str(len(response.body))))
        empty = head or not response.body
        self._h2.send_headers(number, fields, end_stream=empty)
        if empty:
            self._forget(number)
            return
        stream.answer = response.body
        self._waiting += len(response.body)
        self._push(number, stream)

    def _push_all(self) -> None:
        for number, stream in list(self._streams.items()):
            if stream.answer:
                self._push(number, stream)

    def _push(self, number: int, stream: _Stream) -> None:
        """Sends what flow control lets through (RFC 9113 section 5.2)."""
        while stream.answer:
            room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if room <= 0:
                return
            piece, stream.answer = stream.answer[:room], stream.answer[room:]
            self._waiting -= len(piece)
            self._h2.send_data(number, piece, end_stream=not stream.answer)
        self._forget(number)

    def _forget(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._waiting -= len(stream.answer)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
