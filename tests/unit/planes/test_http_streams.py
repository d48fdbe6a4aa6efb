"""DNS over HTTPS on connections: HTTP/1.1 and HTTP/2, and what a client may not do to them."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.planes.certificate import Keeper
from gtm.planes.encrypted import http
from gtm.planes.limits import StreamLimits
from gtm.planes.streams import doh, http1, http2
from gtm.planes.streams.connection import Answer
from tests.unit.planes.stream_clients import SecureClient, Side, certified

TEXT = base64.urlsafe_b64encode(b"\0\1a query").decode().rstrip("=")
GET = f"GET /dns-query?dns={TEXT} HTTP/1.1\r\nhost: ns1\r\n\r\n".encode()
POST = (
    b"POST /dns-query HTTP/1.1\r\nhost: ns1\r\ncontent-type: application/dns-message\r\n"
    b"content-length: 9\r\n\r\n\0\1a query"
)


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return Keeper(*certified(tmp_path_factory.mktemp("https")), http2=True)


def browser(side: Side, keeper: Keeper, *protocols: str) -> SecureClient:
    client = SecureClient(side, keeper, *protocols, session=http)
    client.shake()
    return client


def statuses(heard: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"HTTP/1\.1 (\d+) .*\r\n", heard)]


# --- HTTP/1.1 ---------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [1, 30, 100_000])
def test_requests_one_behind_the_other_are_answered_however_they_are_cut(
    keeper: Keeper, piece: int
) -> None:
    side = Side()
    client = browser(side, keeper, "http/1.1")
    client.say(GET + POST + GET.replace(b"GET", b"HEAD") + POST, piece)
    heard = client.hear()
    assert statuses(heard) == [200, 200, 200, 200]
    assert heard.count(b"\0\1answered") == 3, "none for HEAD"
    assert [packet for _, packet in side.asked] == [b"\0\1a query"] * 4
    assert not client.wire.closing


def test_a_client_without_alpn_speaks_http_1(keeper: Keeper) -> None:
    client = browser(Side(), keeper)
    client.say(GET)
    assert statuses(client.hear()) == [200]


def test_a_body_in_chunks_is_put_together(keeper: Keeper) -> None:
    side = Side()
    client = browser(side, keeper)
    head = POST.partition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\n"
    client.say(head + b"4\r\n\0\1a \r\n5\r\nquery\r\n0\r\n\r\n")
    assert side.asked[0][1] == b"\0\1a query"
    assert statuses(client.hear()) == [200]


@pytest.mark.parametrize("last", [b"connection: close\r\n", b""])
def test_a_connection_ends_when_the_client_says_so(keeper: Keeper, last: bytes) -> None:
    version = b"1.1" if last else b"1.0"
    client = browser(Side(), keeper)
    client.say(GET.replace(b"1.1", version).replace(b"host: ns1\r\n", b"host: ns1\r\n" + last))
    assert b"connection: close" in client.hear()
    assert client.wire.closing


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", 404),
        (b"DELETE /dns-query HTTP/1.1\r\nhost: a\r\n\r\n", 405),
        (b"GET /dns-query HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (POST.replace(b"dns-message", b"json"), 415),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 70 + b"\r\n", 431),
    ],
)
def test_what_asks_nothing_is_refused_and_the_connection_goes_on(
    keeper: Keeper, request_: bytes, status: int
) -> None:
    client = browser(Side(), keeper)
    client.say(request_ + GET)
    assert statuses(client.hear()) == [status, 200]


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\0\1\2\3 hello\r\n\r\n", 400),
        (b"GET /" + b"a" * (http1.HEAD + 2000), 431),
        (b"GET / HTTP/1.1\r\na: " + b"b" * (http1.HEAD + 2000), 431),
        (POST.replace(b": 9", b": 65536"), 413),
        (POST.replace(b": 9", b": 99999999999999999999"), 400),
    ],
)
def test_what_is_no_request_or_too_long_ends_the_connection(
    keeper: Keeper, octets: bytes, status: int
) -> None:
    side = Side()
    client = browser(side, keeper)
    client.say(octets)
    assert statuses(client.hear()) == [status]
    assert client.wire.closing
    assert not side.asked


def test_a_chunked_body_without_end_is_cut_off(keeper: Keeper) -> None:
    side = Side()
    client = browser(side, keeper)
    head = POST.partition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\n"
    client.say(head + (b"1000\r\n" + bytes(4096) + b"\r\n") * 20)
    assert statuses(client.hear()) == [413]
    assert client.wire.closing
    assert not side.asked


def test_silence_of_the_plane_is_a_bad_request(keeper: Keeper) -> None:
    client = browser(Side(lambda packet: None), keeper)
    client.say(GET)
    assert statuses(client.hear()) == [400]


def test_a_client_that_does_not_read_is_answered_no_further(keeper: Keeper) -> None:
    side = Side(lambda packet: packet + bytes(60_000))
    client = browser(side, keeper)
    client.connection.pause_writing()
    client.say(GET * 50)
    assert not side.asked
    client.connection.resume_writing()
    assert len(side.asked) == 50
    side.later(0)


# --- HTTP/2 -----------------------------------------------------------------------------


class Asker:
    """A client of HTTP/2 in memory."""

    def __init__(self, side: Side, keeper: Keeper, window: int | None = None) -> None:
        self.client = browser(side, keeper, "h2", "http/1.1")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        if window is not None:
            initial = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
            self.h2.local_settings = h2.settings.Settings(client=True, initial_values=initial)
        self.h2.initiate_connection()
        self.status: dict[int, int] = {}
        self.body: dict[int, bytes] = {}
        self.turn()

    def ask(self, method: str, path: str, body: bytes = b"", **fields: str) -> int:
        number: int = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "ns1")]
        head += [(name.replace("_", "-"), value) for name, value in fields.items()]
        self.h2.send_headers(number, head, end_stream=not body)
        for at in range(0, len(body), 16_384):
            piece = body[at : at + 16_384]
            self.h2.send_data(number, piece, end_stream=at + len(piece) == len(body))
        return number

    def turn(self) -> None:
        """What both have to say to each other, until neither has anything."""
        while (octets := self.h2.data_to_send()) or self.client.wire.sent:
            if octets:
                self.client.say(octets)
            for event in self.h2.receive_data(self.client.hear()):
                if isinstance(event, h2.events.ResponseReceived):
                    headers = {str(name): str(value) for name, value in event.headers or ()}
                    self.status[event.stream_id] = int(headers[":status"])
                if isinstance(event, h2.events.DataReceived):
                    had = self.body.get(event.stream_id, b"")
                    self.body[event.stream_id] = had + (event.data or b"")


def test_both_methods_are_answered_over_http_2_at_once(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    get = asker.ask("GET", f"/dns-query?dns={TEXT}")
    post = asker.ask("POST", "/dns-query", b"\0\1a query", content_type=doh.MEDIA_TYPE)
    asker.turn()
    assert asker.status == {get: 200, post: 200}
    assert asker.body == {get: b"\0\1answered", post: b"\0\1answered"}


def test_requests_at_once_on_many_connections_are_all_answered(keeper: Keeper) -> None:
    side = Side()
    askers = [Asker(side, keeper) for _ in range(4)]
    numbers = [
        [asker.ask("GET", f"/dns-query?dns={TEXT}") for _ in range(http2.STREAMS)]
        for asker in askers
    ]
    for asker, asked in zip(askers, numbers, strict=True):
        asker.turn()
        assert asker.body == dict.fromkeys(asked, b"\0\1answered")


def test_an_answer_comes_in_a_tls_record_of_its_own(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    for _ in range(50):
        asker.ask("GET", f"/dns-query?dns={TEXT}")
    asker.client.say(asker.h2.data_to_send())
    records = asker.client.records()
    answers = [record.count(b"\0\1answered") for record in records]
    assert [count for count in answers if count] == [1] * 50


def test_refusals_of_http_2_are_those_of_http_1(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    numbers = [
        asker.ask("GET", "/"),
        asker.ask("PUT", "/dns-query", b"x"),
        asker.ask("POST", "/dns-query", b"x", content_type="text/plain"),
        asker.ask("GET", "/dns-query?dns=*"),
        asker.ask("HEAD", f"/dns-query?dns={TEXT}"),
    ]
    asker.turn()
    assert [asker.status[each] for each in numbers] == [404, 405, 415, 400, 200]
    assert numbers[-1] not in asker.body


def test_a_body_that_is_too_long_is_refused(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    number = asker.ask("POST", "/dns-query", bytes(60_000), content_type=doh.MEDIA_TYPE)
    asker.turn()
    assert asker.status[number] == 200
    number = asker.h2.get_next_available_stream_id()
    head = [(":method", "POST"), (":path", "/dns-query"), (":scheme", "https"), (":authority", "x")]
    asker.h2.send_headers(number, [*head, ("content-type", doh.MEDIA_TYPE)])
    for _ in range(5):
        asker.h2.send_data(number, bytes(16_384))
        asker.turn()
        if number in asker.status:
            break
    assert asker.status[number] == 413


def test_answers_wait_for_the_clients_flow_control(keeper: Keeper) -> None:
    asker = Asker(Side(lambda packet: packet + bytes(3000)), keeper, window=1000)
    number = asker.ask("GET", f"/dns-query?dns={TEXT}")
    asker.turn()
    assert len(asker.body[number]) == 1000
    asker.h2.increment_flow_control_window(5000, number)
    asker.turn()
    assert len(asker.body[number]) == 3009


def test_answers_that_wait_are_bounded(keeper: Keeper) -> None:
    asker = Asker(Side(lambda packet: packet + bytes(30_000)), keeper, window=0)
    for _ in range(50):
        asker.ask("GET", f"/dns-query?dns={TEXT}")
    asker.client.say(asker.h2.data_to_send())
    assert asker.client.wire.closing
    assert asker.client.dropped() == {http1.BAD_HTTP: 1}


def test_streams_that_are_reset_at_once_are_not_to_be_had_for_ever(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    for _ in range(http2.IDLE_EVENTS):
        number = asker.ask("POST", "/dns-query", b"", content_type=doh.MEDIA_TYPE)
        asker.h2.reset_stream(number)
        asker.client.say(asker.h2.data_to_send())
        if asker.client.wire.closing:
            break
    assert asker.client.wire.closing


def test_pings_without_end_end_the_connection_and_some_do_not(keeper: Keeper) -> None:
    asker = Asker(Side(), keeper)
    for number in range(2 * http2.IDLE_EVENTS):
        asker.h2.ping(number.to_bytes(8, "big"))
        asker.client.say(asker.h2.data_to_send())
        if asker.client.wire.closing:
            break
        if number == 100:
            asker.turn()
            asker.ask("GET", f"/dns-query?dns={TEXT}")
            asker.turn()
            assert asker.status
    assert asker.client.wire.closing


def test_what_is_no_http_2_ends_the_connection(keeper: Keeper) -> None:
    client = browser(Side(), keeper, "h2")
    client.say(b"GET / HTTP/1.1\r\n\r\n" + bytes(100))
    assert client.wire.closing
    assert client.dropped() == {http1.BAD_HTTP: 1}


def test_a_client_hears_that_its_connection_ends(keeper: Keeper) -> None:
    side = Side(limits=StreamLimits(idle=10))
    asker = Asker(side, keeper)
    side.later(11)
    events = asker.h2.receive_data(asker.client.hear())
    assert any(isinstance(each, h2.events.ConnectionTerminated) for each in events)


# --- whatever comes ---------------------------------------------------------------------

PIECES = st.lists(
    st.binary(max_size=60)
    | st.sampled_from([GET, POST, POST[:-4], b"\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
    | st.tuples(st.integers(0, 40), st.integers(0, 9), st.binary(max_size=40)).map(
        lambda parts: parts[0].to_bytes(3, "big") + bytes((parts[1], 5, 0, 0, 0, 1)) + parts[2]
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=PIECES, protocol=st.sampled_from(["h2", "http/1.1"]), empty=st.booleans())
def test_whatever_comes_nothing_fails_and_nothing_is_left_behind(
    keeper: Keeper, pieces: list[bytes], protocol: str, empty: bool
) -> None:
    def answer(packet: bytes) -> Answer:
        return None if empty else packet

    side = Side(answer)
    client = browser(side, keeper, protocol)
    for piece in pieces:
        if client.wire.closing:
            break
        client.say(piece)
    client.connection.connection_lost(None)
    assert not side.connections.open


def test_without_the_library_http_2_is_not_offered(tmp_path: Path) -> None:
    plain = Keeper(*certified(tmp_path), http2=False)
    client = browser(Side(), plain, "h2", "http/1.1")
    assert client.tls.selected_alpn_protocol() == "http/1.1"
    client.say(GET)
    assert statuses(client.hear()) == [200]
