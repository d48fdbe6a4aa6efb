"""RFC 1035 master files: static records kept in the form that other name servers read.

Each entry is read by itself, so that every mistake is found, with its line. The zone's SOA and
its own NS records come from the YAML; those of the file are passed over with a warning, so that
a file of another server can be used as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.tokenizer
import dns.ttl

from gtm.model import RRset
from gtm.plain import Plain
from gtm.zonefile import ordinary, rdata
from gtm.zonefile.findings import Findings, Spot, Wrong, shown
from gtm.zonefile.names import absolute, parsed
from gtm.zonefile.ordinary import Ordinary
from gtm.zonefile.records import Static, owner_name
from gtm.zonefile.values import MAX_TTL

DEFAULT_TTL = 3600
_NEEDS_SCAN = re.compile(r'[()"]')


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, which parentheses may stretch over lines; `line` is its first."""

    line: int
    text: str


def entries(text: str) -> Iterator[Entry]:
    """The entries of a master file (RFC 1035 section 5.1)."""
    pending: list[str] = []
    first = depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            first = number
        depth += _depth_change(line) if _NEEDS_SCAN.search(line) else 0
        pending.append(line)
        if depth <= 0:
            entry = "\n".join(pending)
            pending, depth = [], 0
            if entry.partition(";")[0].strip():
                yield Entry(first, entry)
    if pending:
        yield Entry(first, "\n".join(pending))


def _depth_after(depth: int, text: str) -> int:
    """How many parentheses are open behind the text, with so many open before it."""
    for line in text.splitlines():
        depth = max(0, depth + (_depth_change(line) if _NEEDS_SCAN.search(line) else 0))
    return depth


def _depth_change(line: str) -> int:
    """Opened less closed parentheses, outside quotes and comments."""
    change, quoted, escaped = 0, False, False
    for character in line:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character == ";":
            break
        elif character in "()":
            change += 1 if character == "(" else -1
    return change


# the data of one name and type in order, the least TTL, and the first place
Gathered = tuple[dict[bytes, None], int, Spot]


class MasterFile:
    """Reads the records of one master file for one zone.

    Ordinary lines of long files are read in Rust where that is built (gtm.zonefile.ordinary), and
    what they say is left in `plain`; this is the reference for them, and reads all others.
    """

    def __init__(self, file: str, zone: str, findings: Findings) -> None:
        """`file` is how messages name it."""
        self._file = file
        self._zone = zone
        self._findings = findings
        self._origin = dns.name.from_text(zone)
        self._ttl: int | None = None  # of $TTL
        self._last_ttl = DEFAULT_TTL
        self._owner: str | None = None
        self._found: dict[tuple[str, int], Gathered] = {}
        self._ordinary: Ordinary | None = None
        self._signed: set[str] = set()
        self.plain: Plain | None = None

    def read(
        self, text: str, apart: Iterable[str] = (), cuts: Iterable[str] = ()
    ) -> Iterator[Static]:
        """The records that can be read, gathered by name and type; every mistake is noted.

        Names that are written elsewhere too, and `cuts`, with all below them, are not left in
        `plain`.
        """
        if not ordinary.pays(text, self._zone):
            for entry in entries(text):
                self._read(entry)
        else:
            self._ordinary = Ordinary(text, self._zone)
            self._read_between(self._ordinary)
            self._set_apart(self._ordinary, apart, cuts)
            self.plain = self._ordinary.settled()
        for (name, type_), (wires, ttl, spot) in self._found.items():
            yield Static(RRset(name, type_, ttl, tuple(wires)), spot)

    def _read_between(self, lines: Ordinary) -> None:
        """Read what is not ordinary, between the lines that are."""
        while True:
            origin = self._origin.canonicalize().to_text()
            self._owner, self._last_ttl = lines.read(origin, self._ttl, self._last_ttl, self._owner)
            first, text = lines.other(_depth_after)
            if not text:
                return
            for entry in entries(text):
                self._read(Entry(first + entry.line - 1, entry.text))

    def _set_apart(self, lines: Ordinary, apart: Iterable[str], cuts: Iterable[str]) -> None:
        """Gather as records what ordinary lines say of names that are not plain after all."""
        for name in (self._zone, *apart, *lines.odd(), *{name for name, _ in self._found}):
            self._take(name)
        servers = {key for key in self._found if key[1] == rdata.TYPES["NS"]}
        hiding = {name for name, type_ in self._found if type_ in rdata.HIDING}
        for cut in {*cuts, *hiding}:
            for name in lines.within(cut):
                self._take(name)
        for key in servers:
            for wire in self._found[key][0]:
                self._take(rdata.target(key[1], wire))

    def _take(self, name: str) -> None:
        for type_, ttl, line, wire in self._ordinary.take(name) if self._ordinary else ():
            spot = Spot(self._file, line, 1)
            try:
                self._gather(name, type_, ttl, wire, spot)
            except Wrong as wrong:
                self._findings.wrong(spot, wrong.problem, wrong.remedy)

    def _read(self, entry: Entry) -> None:
        """Read an entry; a mistake in it is noted."""
        try:
            self._read_entry(entry)
        except Wrong as wrong:
            self._findings.wrong(Spot(self._file, entry.line, 1), wrong.problem, wrong.remedy)
        except (dns.exception.DNSException, ValueError):
            self._findings.wrong(
                Spot(self._file, entry.line, 1),
                f"{shown(entry.text.strip())} is not a master file entry",
                "write `name ttl IN type data`, and close quotes and parentheses",
            )

    def _read_entry(self, entry: Entry) -> None:
        tokens = dns.tokenizer.Tokenizer(entry.text)
        first = tokens.get(want_leading=True)
        if not first.is_whitespace() and first.value.startswith("$"):
            self._directive(first.value.upper(), tokens)
            return
        if not first.is_whitespace():
            self._owner = ""  # until it is read: entries below a bad name are passed over
            self._owner = self._name(first.value)
        token = tokens.get()
        if token.is_eol_or_eof() and first.is_whitespace():
            return
        if self._owner is None:
            raise Wrong("the first entry has no name", "begin it with a name, or `@` for the zone")
        ttl, type_word = self._ttl_and_type(token, tokens)
        self._record(entry, ttl, type_word, tokens)

    def _ttl_and_type(
        self, token: dns.tokenizer.Token, tokens: dns.tokenizer.Tokenizer
    ) -> tuple[int, str]:
        """TTL and class may come in either order, or not at all (RFC 1035 section 5.1)."""
        ttl = self._ttl
        while token.is_identifier():
            word = token.value
            if word[:1].isdigit():
                ttl = self._last_ttl = _ttl(word)
            elif word.upper() not in ("IN", "CLASS1"):  # RFC 3597 section 5
                break
            token = tokens.get()
        if not token.is_identifier():
            raise Wrong("the entry has no type", "write `name ttl IN type data`")
        if token.value.upper() in ("CH", "HS", "CS"):
            raise Wrong(f"class {token.value} is not served", "write `IN`, or remove the entry")
        return self._last_ttl if ttl is None else ttl, token.value

    def _record(
        self, entry: Entry, ttl: int, type_word: str, tokens: dns.tokenizer.Tokenizer
    ) -> None:
        spot = Spot(self._file, entry.line, 1)
        if self._owner == self._zone and type_word.upper() in ("SOA", "NS"):
            source = "soa" if type_word.upper() == "SOA" else "nameservers"
            self._findings.warn(
                spot,
                f"the zone's own {type_word.upper()} record is not used",
                f"write `{source}` in the YAML, and remove this entry",
            )
            return
        if type_word.upper() in rdata.OF_SIGNERS:
            self._pass_over_signed(type_word.upper(), spot)
            return
        type_ = rdata.type_number(type_word)
        label = " ".join(entry.text.split())
        wire = rdata.presented(type_, tokens, self._origin, label)
        if not self._owner:
            return
        self._take(self._owner)  # so that all of its records come in the order of the file
        self._gather(self._owner, type_, ttl, wire, spot)

    def _pass_over_signed(self, type_: str, spot: Spot) -> None:
        """Say once of each type that what another signer made is not used."""
        if type_ not in self._signed:
            self._signed.add(type_)
            self._findings.warn(
                spot,
                f"{type_} records of the file are not used: they are made when a zone is signed",
                "remove them, and write `dnssec: {}` in the YAML if the zone is to be signed",
            )

    def _gather(self, name: str, type_: int, ttl: int, wire: bytes, spot: Spot) -> None:
        wires, least, first = self._found.get((name, type_), ({}, ttl, spot))
        if wire in wires:
            raise Wrong("the record is written twice", "keep one of them")
        wires[wire] = None
        # RFC 2181 section 5.2: the TTLs of one set are equal; the least does no harm.
        self._found[name, type_] = wires, min(least, ttl), first

    def _name(self, text: str) -> str:
        if text == "@":
            name = self._origin.canonicalize().to_text()
        else:
            name = absolute(text, self._origin.canonicalize().to_text())
        return owner_name(name, self._zone)

    def _directive(self, word: str, tokens: dns.tokenizer.Tokenizer) -> None:
        value = tokens.get()
        if word == "$ORIGIN" and value.is_identifier():
            self._origin = parsed(absolute(value.value, self._origin.to_text()))
        elif word == "$TTL" and value.is_identifier():
            self._ttl = _ttl(value.value)
        elif word == "$INCLUDE":
            raise Wrong("$INCLUDE is not supported", "copy the other file's entries here")
        elif word == "$GENERATE":
            raise Wrong("$GENERATE is not supported", "write the entries out")
        else:
            raise Wrong(f"{shown(word)} can't be used", "write `$ORIGIN name.` or `$TTL seconds`")


def _ttl(text: str) -> int:
    """Seconds, or BIND's form such as 1h30m. Raises Wrong."""
    try:
        ttl = dns.ttl.from_text(text)
    except dns.exception.DNSException:
        ttl = -1
    if 0 <= ttl <= MAX_TTL:
        return ttl
    raise Wrong(f"{shown(text)} is not a ttl", f"write seconds from 0 to {MAX_TTL}, or `1h`")
