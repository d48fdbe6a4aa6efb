"""What was asked and answered, an entry each; never in the way of answers."""

from collections.abc import Callable
from functools import partial

from gtm import __version__
from gtm.querylog.dnstap import encoded
from gtm.querylog.entry import Entry
from gtm.querylog.lines import line
from gtm.querylog.sinks import Format, Place, parse_place, sink
from gtm.querylog.tap import Tap
from gtm.querylog.writer import Writer


def opened(place: Place, form: Format, every: int, identity: bytes, *, whole: bool) -> Writer:
    """A query log of every so-manieth answer, not started yet.

    `identity` is what dnstap calls the server; `whole` keeps all of clients' addresses.
    """
    version = f"gtm {__version__}".encode()
    encode: Callable[[Entry], bytes] = partial(line, whole=whole)
    if form is Format.DNSTAP:
        encode = partial(encoded, identity=identity, version=version, whole=whole)
    return Writer(Tap(every), sink(place, form), encode, str(place))


__all__ = ["Entry", "Format", "Place", "Tap", "Writer", "opened", "parse_place"]
