"""DNS over HTTPS (RFC 8484): which requests ask something, and what comes back. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from gtm.planes.walking import HEADER, behind_name, record

PATH = "/dns-query"  # RFC 8484 section 4.1 leaves it open; all clients know this one
MEDIA_TYPE = "application/dns-message"  # section 6
LARGEST = 0xFFFF  # octets of a message (section 6)
LONGEST_TARGET = 8192  # octets of a request target: a GET has room for a query of 6,000
SOA = 6
NOERROR, NXDOMAIN = 0, 3

NOT_DNS = "not a DNS query\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What of an HTTP request matters; names of header fields are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def refused(self) -> bool:
        """Whether the request asked nothing."""
        return self.status != 200


def refusal(status: int, why: str, *headers: tuple[str, str]) -> Response:
    """An answer that is no DNS message, in a line of plain text."""
    kind = ("content-type", "text/plain; charset=utf-8")
    return Response(status, (kind, ("cache-control", "no-store"), *headers), why.encode())


def query(request: Request) -> bytes | Response:
    """The DNS query of a request, or why there is none."""
    target = urlsplit_or_none(request.target)
    if target is None or len(request.target) > LONGEST_TARGET:
        return refusal(414, f"the target may have {LONGEST_TARGET} octets\n")
    path, parameters = target
    if path != PATH:
        return refusal(404, f"DNS is asked at {PATH}\n")
    if request.method in ("GET", "HEAD"):
        return _from_target(parameters)
    if request.method != "POST":
        return refusal(405, "write GET or POST\n", ("allow", "GET, HEAD, POST"))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        return refusal(415, f"the content-type must be {MEDIA_TYPE}\n", ("accept", MEDIA_TYPE))
    if len(request.body) > LARGEST:
        return too_large()
    return request.body or refusal(400, NOT_DNS)


def too_large() -> Response:
    """For a body that is longer than any DNS message."""
    return refusal(413, f"a DNS message has {LARGEST} octets at the most\n")


def urlsplit_or_none(target: str) -> tuple[str, str] | None:
    """Path and query of a request target, in whichever form (RFC 9112 section 3.2)."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return parts.path, parts.query


def _from_target(parameters: str) -> bytes | Response:
    """The query in `?dns=`, in base64url without padding (RFC 8484 section 4.1, RFC 4648)."""
    try:
        values = parse_qs(parameters, keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return refusal(400, "too many parameters\n")
    given = values.get("dns", [])
    if len(given) != 1:
        return refusal(400, "write ?dns= and the query in base64url\n")
    text = given[0]
    try:
        octets = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", True)
    except (UnicodeEncodeError, binascii.Error):
        return refusal(400, "what is behind ?dns= is not base64url\n")
    return octets or refusal(400, NOT_DNS)


def response(message: bytes | None) -> Response:
    """The response that carries a DNS message; None is silence, which HTTP does not have."""
    if message is None:
        return refusal(400, NOT_DNS)
    age = freshness(message)
    # answers may depend on who asks, so no cache may give them to others (section 5.1)
    cache = "no-store" if age is None else f"private, max-age={age}"
    return Response(200, (("content-type", MEDIA_TYPE), ("cache-control", cache)), message)


def freshness(message: bytes) -> int | None:
    """Seconds that a response may be cached; None if it may not (RFC 8484 section 5.1).

    The smallest TTL of the answer section; without one, what the SOA says (RFC 2308 section 5).
    """
    if len(message) < HEADER or message[3] & 15 not in (NOERROR, NXDOMAIN):
        return None
    counts = [int.from_bytes(message[at : at + 2], "big") for at in (4, 6, 8)]
    try:
        at = HEADER
        for _ in range(counts[0]):
            at = behind_name(message, at) + 4
        answers: list[int] = []
        for _ in range(counts[1]):
            at, _, ttl = record(message, at)
            answers.append(ttl)
        if answers:
            return min(answers)
        for _ in range(counts[2]):
            at, kind, ttl = record(message, at)
            if kind == SOA:
                return min(ttl, int.from_bytes(message[at - 4 : at], "big"))
    except IndexError:
        return None
    return None
