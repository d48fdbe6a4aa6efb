"""gdnsd's configuration syntax: keys, values, arrays and hashes (gdnsd.config(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gtm.errors import GtmError

DEEPEST = 20  # hashes and arrays within each other

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|;[^\n]*(?=\n|$)
    |(?P<arrow>=>?)|(?P<comma>,)|(?P<open>[{\[])|(?P<close>[}\]])
    |"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s{}\[\],;\#="]+)""",
    re.VERBOSE | re.DOTALL,
)


def parsed(text: str) -> dict[str, object]:
    """The outermost hash, whose braces may be left out. Raises GtmError, with the line."""
    reader = _Reader(text)
    if reader.peek() == "{":
        found = reader.value(0)
        reader.end()
        return found if isinstance(found, dict) else {}
    return reader.pairs(None, 0)


class _Reader:
    """Tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan())
        self._at = 0

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                raise self._wrong("something that is no part of it", at)
            if found.lastgroup:
                text = found[found.lastgroup]
                if found.lastgroup == "quoted":
                    text = re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
                yield found.lastgroup, text, at
            at = found.end()

    def peek(self) -> str:
        """The next mark, or "" for words and the end."""
        if self._at >= len(self._tokens):
            return ""
        kind, text, _ = self._tokens[self._at]
        return text if kind in ("open", "close", "comma", "arrow") else ""

    def value(self, depth: int) -> object:
        """A word, a hash or an array."""
        kind, text, at = self._next()
        if depth > DEEPEST:
            raise self._wrong("too many braces within each other", at)
        if kind == "open":
            return self.pairs("}", depth + 1) if text == "{" else self._array(depth + 1)
        if kind in ("quoted", "bare"):
            return text
        raise self._wrong(f"{text!r} where a value is due", at)

    def pairs(self, closing: str | None, depth: int) -> dict[str, object]:
        """Keys and values up to the closing brace, or the end."""
        found: dict[str, object] = {}
        while not self._closed(closing):
            kind, key, at = self._next()
            if kind not in ("quoted", "bare"):
                raise self._wrong(f"{key!r} where a key is due", at)
            if self._next()[0] != "arrow":
                raise self._wrong(f"no => behind {key!r}", at)
            found[key] = self.value(depth)
            if self.peek() == ",":
                self._next()
        return found

    def _array(self, depth: int) -> list[object]:
        found: list[object] = []
        while not self._closed("]"):
            found.append(self.value(depth))
            if self.peek() == ",":
                self._next()
        return found

    def end(self) -> None:
        """Nothing more may come."""
        if self._at < len(self._tokens):
            raise self._wrong("more behind its end", self._tokens[self._at][2])

    def _closed(self, closing: str | None) -> bool:
        if self._at >= len(self._tokens):
            if closing is None:
                return True
            raise self._wrong(f"no {closing}", len(self._text))
        if closing is not None and self.peek() == closing:
            self._next()
            return True
        return False

    def _next(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            raise self._wrong("its end where more is due", len(self._text))
        self._at += 1
        return self._tokens[self._at - 1]

    def _wrong(self, what: str, at: int) -> GtmError:
        line = self._text.count("\n", 0, at) + 1
        return GtmError(f"cannot import gdnsd's configuration: line {line}: {what}")
