"""What may be wrong with an answer over HTTP itself, whatever it says."""

from __future__ import annotations


class NotHttp(Exception):  # noqa: N818  # what an endpoint did, not a fault of gtm
    """What came is no answer of HTTP/1.1."""


class TooLarge(NotHttp):
    """The head of the answer is larger than is read."""


class Closed(Exception):  # noqa: N818  # as above
    """The connection ended before the head of an answer had come."""


class BrokenOff(Exception):  # noqa: N818  # as above
    """The connection ended within the body of the answer."""
