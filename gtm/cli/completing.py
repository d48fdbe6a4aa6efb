"""What can be typed next: commands, options and values, found in the commands themselves; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FILES = ":files"  # stands for files, which shells find by themselves

Names = Callable[[str], Sequence[str]]
"""Names that a running server knows, by their kind: `regions`, `apps`, `zones`, `targets`."""

# what values are names of, by option or by the metavar of an argument
KINDS = {
    "--region": "regions",
    "--down": "regions",
    "--drain": "regions",
    "--app": "apps",
    "--zone": "zones",
    "TARGET": "targets",
}
FILE_METAVARS = {"ZONES", "FILE", "FILE|none", "DIR", "NEW", "gtm.yaml"}
FILE_OPTIONS = {"--zones", "--config", "--output", "--svg", "--report"}
TYPES = ("A", "AAAA", "CNAME", "HTTPS", "MX", "NS", "SOA", "SRV", "SVCB", "TXT")  # asked for most


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that can be typed, and what it is for."""

    word: str
    meaning: str = ""


def candidates(root: Any, words: Sequence[str], names: Names) -> list[Candidate]:
    """What the last word can become; `words` are those after `gtm`, the last may be empty.

    `root` is the command as click has it.
    """
    command, path, values, asked = _walked(root, words[:-1])
    last = words[-1] if words else ""
    if asked is not None:
        found = _values(asked, path, names)
    elif last.startswith("-"):
        found = list(_options(command, last))
    elif getattr(command, "commands", None):
        found = [
            Candidate(name, one.get_short_help_str(60))
            for name, one in command.commands.items()
            if not one.hidden
        ]
    else:
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        found = _values(arguments[values], path, names) if values < len(arguments) else []
    return [one for one in found if one.word == FILES or one.word.startswith(last)]


def _walked(root: Any, words: Sequence[str]) -> tuple[Any, list[str], int, Any]:
    """The command that is typed, its names, how many values it has, and the option that waits for
    its value.
    """
    command, path, values, waiting = root, [], 0, None
    for word in words:
        if waiting is not None:
            waiting = None
        elif word.startswith("-") and len(word) > 1:
            option = _option(command, word.partition("=")[0])
            waiting = option if option is not None and _takes(option) and "=" not in word else None
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
            path.append(word)
            values = 0
        else:
            values += 1
    return command, path, values, waiting


def _option(command: Any, word: str) -> Any:
    return next((one for one in command.params if word in one.opts), None)


def _takes(option: Any) -> bool:
    return not getattr(option, "is_flag", False) and not getattr(option, "count", False)


def _options(command: Any, last: str) -> Iterator[Candidate]:
    """Long names; short ones where nothing longer is there."""
    for one in command.params:
        if one.param_type_name != "option" or getattr(one, "hidden", False):
            continue
        meaning = _first_sentence(getattr(one, "help", None) or "")
        longs = [word for word in one.opts if word.startswith("--")]
        yield from (Candidate(word, meaning) for word in longs or one.opts)
    if "--help".startswith(last):
        yield Candidate("--help", "Show how it is used")


def _first_sentence(text: str) -> str:
    """Without markup, and short."""
    words = " ".join(text.split()).replace("[dim]", "").replace("[bold]", "").replace("[/]", "")
    return words.partition(". ")[0].rstrip(".")[:60]


def _values(parameter: Any, path: Sequence[str], names: Names) -> list[Candidate]:
    metavar = (parameter.metavar or "").strip("[]")
    options = [word for word in parameter.opts if word.startswith("--")]
    if "|" in metavar and metavar.islower():
        return [Candidate(one) for one in metavar.split("|")]
    if metavar == "TYPE":
        return [Candidate(one) for one in TYPES]
    if metavar in FILE_METAVARS or set(options) & FILE_OPTIONS:
        return [Candidate(FILES)]
    kind = next((KINDS[word] for word in (*options, metavar) if word in KINDS), None)
    return [] if kind is None else [Candidate(name) for name in names(kind)]
