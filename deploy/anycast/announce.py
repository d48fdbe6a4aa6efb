#!/usr/bin/env python3
"""Announces anycast prefixes over BGP while the gtm of this machine answers, and no longer.

It asks gtm's /readyz and, with --ask, a DNS question that clients could have, every second. After
--rise good rounds in a row the prefixes are announced, after --fall bad ones they are withdrawn,
and after a withdrawal they stay so for --hold seconds at least: a route that flaps is damped by
others for longer than that. Needs Python 3.9 and nothing else.

    announce.py --to exabgp --prefix 192.0.2.53/32 --prefix 2001:db8::53/128     run by ExaBGP
    announce.py --to bird --prefix gtm4 --prefix gtm6     BIRD's static protocols of these names
"""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NOERROR_AUTHORITATIVE = 0x8400  # QR and AA (RFC 1035 section 4.1.1)
FLAGS = 0xFE0F  # all but TC, RD, RA, Z, AD and CD: opcode and rcode have to be 0 too
SOA, IN = 6, 1


@dataclass
class Hysteresis:
    """When to announce and when to withdraw; times are monotonic seconds."""

    rise: int
    fall: int
    hold: float
    announced: bool = False
    _in_a_row: int = 0
    _not_before: float = field(default=float("-inf"))

    def saw(self, good: bool, now: float) -> bool:
        """Takes in a round; whether the prefixes are to be announced after it."""
        if good is self.announced:
            self._in_a_row = 0
            return self.announced
        self._in_a_row += 1
        if self.announced and self._in_a_row >= self.fall:
            self.announced, self._in_a_row = False, 0
            self._not_before = now + self.hold
        elif not self.announced and self._in_a_row >= self.rise and now >= self._not_before:
            self.announced, self._in_a_row = True, 0
        return self.announced


# --- is gtm well? -----------------------------------------------------------------------


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        """Not connected yet."""
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connects to the path."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def readiness(api: str, timeout: float) -> tuple[bool | None, str]:
    """What /readyz says: yes, no, or None where it says nothing; and in words."""
    if api.startswith("unix:"):
        connection: http.client.HTTPConnection = Unix(api[len("unix:") :], timeout)
    else:
        connection = http.client.HTTPConnection(api, timeout=timeout)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return None, f"/readyz at {api}: {error or type(error).__name__}"
    finally:
        connection.close()
    return status == http.client.OK, f"/readyz: HTTP {status}"


def question(name: str, number: int) -> bytes:
    """A query for the SOA of a name."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".") if label]
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">6H", number, 0, 1, 0, 0, 0) + wire + struct.pack(">2H", SOA, IN)


def answered(query: bytes, answer: bytes) -> bool:
    """Whether it is an authoritative answer to the query, without an error."""
    if len(answer) < len(query) or answer[:2] != query[:2] or answer[12 : len(query)] != query[12:]:
        return False
    flags, _, records = struct.unpack(">3H", answer[2:8])
    return bool(flags & FLAGS == NOERROR_AUTHORITATIVE and records > 0)


def answers(server: tuple[str, int], name: str, timeout: float) -> tuple[bool, str]:
    """Whether DNS is answered; and in words."""
    query = question(name, secrets.randbits(16))
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout)
            asking.connect(server)
            asking.send(query)
            good = answered(query, asking.recv(4096))
    except OSError as error:
        return False, f"DNS at {server[0]}: {error}"
    return good, f"DNS at {server[0]}: {'answers' if good else 'no good answer'}"


def well(options: argparse.Namespace) -> tuple[bool, str]:
    """Whether the prefixes should be announced by what is seen now; and in words.

    Where DNS is asked, an API that says nothing is no reason to withdraw: planes answer on when
    the rest of gtm is stuck.
    """
    if options.maintenance is not None and options.maintenance.exists():
        return False, f"{options.maintenance} is there"
    ready, words = readiness(options.api, options.timeout)
    if ready is False or options.ask is None:
        return bool(ready), words
    for server in options.server:
        good, words = answers(server, options.ask, options.timeout)
        if not good:
            return False, words
    return True, words


# --- telling routers --------------------------------------------------------------------


def tell_exabgp(prefixes: Sequence[str], announce: bool) -> None:
    """ExaBGP reads commands from our standard output (its text API)."""
    word = "announce" if announce else "withdraw"
    for prefix in prefixes:
        sys.stdout.write(f"{word} route {prefix} next-hop self\n")
    sys.stdout.flush()


def tell_bird(birdc: str, protocols: Sequence[str], announce: bool) -> None:
    """BIRD's static protocols have the prefixes: they are enabled and disabled."""
    for protocol in protocols:
        words = [birdc, "enable" if announce else "disable", protocol]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())
            say(f"cannot {words[1]} {protocol} in BIRD: {said}")


def say(text: str) -> None:
    """For the log."""
    sys.stderr.write(f"gtm-anycast: {text}\n")
    sys.stderr.flush()


def run(options: argparse.Namespace, stop: threading.Event, tell: Callable[[bool], None]) -> None:
    """Looks and tells until it is to stop; then withdraws."""
    state = Hysteresis(options.rise, options.fall, options.hold)
    tell(False)  # whatever was announced before is not known to be well
    try:
        while not stop.is_set():
            good, words = well(options)
            before = state.announced
            if state.saw(good, time.monotonic()) is not before:
                tell(state.announced)
                say(f"{'announced' if state.announced else 'withdrawn'}: {words}")
            stop.wait(options.every)
    finally:
        tell(False)
        say("withdrawn: told to end")


def place(text: str) -> tuple[str, int]:
    """`192.0.2.53`, `[2001:db8::53]:5300`."""
    host, _, port = (
        text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "53")
    )
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--to", choices=["exabgp", "bird"], required=True)
    parser.add_argument("--prefix", action="append", required=True, metavar="PREFIX|PROTOCOL")
    parser.add_argument("--api", default="unix:/run/gtm/gtm.sock", metavar="unix:PATH|ADDR:PORT")
    parser.add_argument("--ask", metavar="ZONE", help="ask for its SOA too")
    parser.add_argument(
        "--server", action="append", type=place, metavar="ADDR[:PORT]", help="where (127.0.0.1)"
    )
    parser.add_argument("--rise", type=int, default=3, metavar="ROUNDS")
    parser.add_argument("--fall", type=int, default=2, metavar="ROUNDS")
    parser.add_argument("--hold", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--timeout", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--maintenance", type=Path, metavar="FILE", help="withdraw while it exists")
    parser.add_argument("--birdc", default="birdc", metavar="PROGRAM")
    options = parser.parse_args(arguments)
    options.server = options.server or [("127.0.0.1", 53)]
    return options


def main() -> None:
    """Runs until it gets a SIGTERM."""
    options, stop = parsed(sys.argv[1:]), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def tell(announce: bool) -> None:
        if options.to == "exabgp":
            tell_exabgp(options.prefix, announce)
        else:
            tell_bird(options.birdc, options.prefix, announce)

    run(options, stop, tell)


if __name__ == "__main__":
    main()
