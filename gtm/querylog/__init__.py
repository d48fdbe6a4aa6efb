"""What was asked and answered, an entry each; never in the way of answers."""

from gtm.querylog.entry import Entry
from gtm.querylog.sinks import Format, Place, parse_place
from gtm.querylog.tap import Tap
from gtm.querylog.writer import Writer

__all__ = ["Entry", "Format", "Place", "Tap", "Writer", "parse_place"]
