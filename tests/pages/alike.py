"""Whether output is what a page shows, but for what no two runs have in common.

Times, ages, durations, serials, epochs, query ids and counts, failures in a
row, keys and their tags, paths of temporary files, the width of columns and where lines are broken
may differ, and all white space in JSON; `...` stands for anything. Everything else is as shown.
"""

from __future__ import annotations

import re

ANY = "..."
JSON = ("{", "[")  # what it begins with

# in this order: what is found first is not looked at again
LOOSE = (
    (re.compile(r"/tmp/[\w./-]+"), "PATH"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?UTC|Z)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?( UTC)?\b"), "TIME"),
    (re.compile(r"\b20\d{12}\b"), "TIME"),  # of a signature
    (re.compile(r"(?<=[,;] id: )\d+"), "ID"),
    (re.compile(r"\b\d+(?= [CKZ]SK\b)|(?<=\bDS )\d+|\b\d+(?= gtm\.example\.com\. \S{40})"), "TAG"),
    (re.compile(r"\b1[789]\d{8}(\.\d+)?\b"), "UNIX"),
    (
        re.compile(
            r"(\bless than )?\b\d[\d,.]*(?= (ms|us|µs|s|min|h|d|MB)\b)"
            r"|\b[\d.]+(?=(ms|us|µs|s|min|h|d)\b)"
        ),
        "N",
    ),
    (re.compile(r"\b\d+(st|nd|rd|th) (in a row|of \d+)\b"), "NTH"),
    (re.compile(r"\d+%(?=.*[▁-█])"), "N%"),
    (re.compile(r"[▁-█][▁-█ ]*"), "BARS"),
    (re.compile(r"\bepoch[ =]\d+"), "EPOCH"),
    (re.compile(r"\b[\d,]+(?= quer(y|ies) on )"), "N"),
    (re.compile(r"(?<=pid )\d+|(?<=process )\d+"), "N"),
    (re.compile(r"[A-Za-z0-9+/]{40,}=*"), "KEY"),
    (re.compile(r"[─━│]+"), "─"),
)


def plain(text: str, gap: str = " ") -> str:
    """Text in one line, without what may differ; white space becomes `gap`."""
    for pattern, word in LOOSE:
        text = pattern.sub(word, text)
    return gap.join(text.split())


def alike(shown: str, seen: str, *, in_order: bool = True) -> bool:
    """Whether `seen` is what was shown; lines may come in another order unless told otherwise."""
    if not in_order and ANY not in shown:
        shown, seen = _sorted(shown), _sorted(seen)
    gap = "" if seen.startswith(JSON) else " "
    pattern = ".*".join(re.escape(part.strip()) for part in plain(shown, gap).split(ANY))
    return re.fullmatch(pattern, plain(seen, gap)) is not None


def _sorted(text: str) -> str:
    """Its lines, without what may differ, in alphabetical order."""
    return "\n".join(sorted(map(plain, text.splitlines())))
