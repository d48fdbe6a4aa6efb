"""What happened lately: a bounded list of events, and the files that keep it."""

from gtm.history.file import HistoryFile
from gtm.history.keeper import History
from gtm.history.ring import Asked, Ring

__all__ = ["Asked", "History", "HistoryFile", "Ring"]
