"""Whether output is what a page shows, but for what no two runs have in common.

Times, ages, durations, serials, epochs, query ids and counts, paths of temporary files, the width
of columns and where lines are broken may differ; `...` stands for anything. Everything else is as
shown.
"""

from __future__ import annotations

import re

ANY = "..."

# in this order: what is found first is not looked at again
LOOSE = (
    (re.compile(r"/tmp/[\w./-]+"), "PATH"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?UTC|Z)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?( UTC)?\b"), "TIME"),
    (re.compile(r"(?<=, id: )\d+"), "ID"),
    (re.compile(r"\b1[789]\d{8}(\.\d+)?\b"), "UNIX"),
    (
        re.compile(r"\b\d[\d,.]*(?= (ms|us|µs|s|min|h|d|MB)\b)|\b[\d.]+(?=(ms|us|µs|s|min|h|d)\b)"),
        "N",
    ),
    (re.compile(r"\bepoch[ =]\d+"), "EPOCH"),
    (re.compile(r"\b[\d,]+(?= quer(y|ies) on )"), "N"),
    (re.compile(r"(?<=pid )\d+|(?<=process )\d+"), "N"),
    (re.compile(r"[A-Za-z0-9+/]{40,}=*"), "KEY"),
    (re.compile(r"[─━│]+"), "─"),
)


def plain(text: str) -> str:
    """Text in one line, without what may differ."""
    for pattern, word in LOOSE:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def alike(shown: str, seen: str, *, in_order: bool = True) -> bool:
    """Whether `seen` is what was shown; lines may come in another order unless told otherwise."""
    if not in_order:
        shown, seen = _sorted(shown), _sorted(seen)
    pattern = ".*".join(re.escape(part.strip()) for part in plain(shown).split(ANY))
    return re.fullmatch(pattern, plain(seen)) is not None


def _sorted(text: str) -> str:
    return "\n".join(sorted(text.splitlines()))
