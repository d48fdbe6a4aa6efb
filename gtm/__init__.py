"""gtm, a geo traffic manager: authoritative DNS that answers with the nearest healthy region."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("gtm")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0+unknown"
