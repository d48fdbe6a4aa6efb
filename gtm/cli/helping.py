"""`--help` of every command: what it does, examples to copy, then what can be said.

Written for 80 columns and read from the commands' own docstrings. Typer's own help keeps the line
breaks of docstrings, and spends a column on the types of flags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

NAMES = 26  # columns of options and commands; what is longer has its words on the next line
EXAMPLES = re.compile(r"^Examples?: ")
BOLD = re.compile(r"\[bold\](.*?)\[/\](?: (in [^,]+))?", re.DOTALL)

GROUPS = (
    ("Begin", ("demo", "check", "serve", "import")),
    ("Look", ("status", "top", "history", "explain", "overrides")),
    ("Act", ("drain", "undrain", "force", "drill", "reload")),
    ("Plan and set up", ("simulate", "delegation", "geo", "keys", "latency", "updates")),
)
"""Commands by what one wants to do; others come last."""


def with_help(command: Any) -> None:
    """Has a command, and all that are inside it, show help as it is written here."""
    command.format_help = partial(_format, command)
    for one in getattr(command, "commands", {}).values():
        with_help(one)


def _format(command: Any, context: Any, formatter: Any) -> None:
    from gtm.cli.output import screen

    console = screen()
    with console.capture() as capture:
        console.print(help_of(command, context))
    text = "\n".join(line.rstrip() for line in capture.get().splitlines())
    formatter.write(f"{text}\n")


def help_of(command: Any, context: Any) -> RenderableType:
    """All of a command's help."""
    paragraphs = _paragraphs(command.help or "")
    examples = [line for one in paragraphs if EXAMPLES.match(one) for line in _examples(one)]
    parts: list[RenderableType] = [_usage(command, context)]
    for one in paragraphs:
        if not EXAMPLES.match(one):
            parts += [Text(""), _marked_up(one)]
    if examples:
        parts += [Text(""), Text("Examples", "bold")]
        parts += [Padding(line, (0, 0, 0, 2)) for line in examples]
    for title, rows in _sections(command):
        parts += [Text(""), Text(title, "bold"), Padding(rows, (0, 0, 0, 2))]
    if epilog := getattr(command, "epilog", None):
        parts += [Text(""), Text(epilog, "dim")]
    return Group(*parts)


def _paragraphs(text: str) -> list[str]:
    """Each on one line: where a docstring breaks lines means nothing."""
    return [" ".join(one.split()) for one in text.split("\n\n") if one.strip()]


def _marked_up(text: str) -> Text:
    return Text.from_markup(text, emoji=False)


def _examples(paragraph: str) -> Iterator[Text]:
    """A line for each command; words such as `in ~/.bashrc` become a comment."""
    for command, where in BOLD.findall(paragraph):
        line = Text(command.replace("\\[", "["), "cyan")
        yield line.append(f"  # {where}", "dim") if where else line


def _usage(command: Any, context: Any) -> Text:
    words = [Text(context.command_path, "bold")]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words += [Text(_metavar(one), "cyan") for one in arguments if not one.hidden]
    for one in command.params:
        if one.param_type_name == "option" and one.required:
            words.append(Text(f"{one.opts[0]} {_metavar(one)}", "cyan"))
    if getattr(command, "commands", None):
        words.append(Text("COMMAND", "cyan"))
    words.append(Text("[OPTIONS]", "dim"))
    return Text.assemble(("usage: ", "dim"), Text(" ").join(words))


# --- sections ---------------------------------------------------------------------------


def _sections(command: Any) -> Iterator[tuple[str, Group]]:
    """What is there to say: commands, arguments, then options, in their groups."""
    yield from _command_groups(getattr(command, "commands", None) or {})
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    described = [(Text(_metavar(one), "cyan"), _about(one)) for one in arguments if one.help]
    if described:
        yield "Arguments", _rows(described)
    groups: dict[str, list[Any]] = {}
    for one in shown:
        if one.param_type_name == "option":
            groups.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(one)
    for title in sorted(groups, key=lambda title: title != "Options"):
        yield title, _rows([(_option(one), _about(one)) for one in groups[title]])


def _command_groups(commands: dict[str, Any]) -> Iterator[tuple[str, Group]]:
    there = {name: one for name, one in commands.items() if not one.hidden}
    named = {name for _, names in GROUPS for name in names}
    grouped = [(title, [name for name in names if name in there]) for title, names in GROUPS]
    grouped.append(("More", [name for name in there if name not in named]))
    if "serve" not in there:  # inside a group, such as `gtm keys`
        grouped = [("Commands", list(there))]
    longest = max(map(len, there), default=0)
    for title, names in grouped:
        if names:
            rows = [(Text(name, "cyan"), _marked_up(_summary(there[name]))) for name in names]
            yield title, _rows(rows, longest)


def _summary(command: Any) -> str:
    """The first sentence, without the full stop at its end."""
    return (_paragraphs(command.help or "") or [""])[0].rstrip(".")


def _rows(rows: Sequence[tuple[Text, Text]], width: int | None = None) -> Group:
    """Two columns; a name that is too long for its own has its words below."""
    if width is None:
        width = min(NAMES, max((name.cell_len for name, _ in rows), default=0))
    return Group(*(line for name, about in rows for line in _row(name, about, width)))


def _row(name: Text, about: Text, width: int) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    if name.cell_len > width:
        yield name
        name = Text()
    table.add_row(name, about)
    yield table


def _option(one: Any) -> Text:
    """`-y, --yes` or `--region NAME`."""
    short = [word for word in one.opts if not word.startswith("--")]
    long = [word for word in one.opts if word.startswith("--")]
    text = Text(", ".join([*short, *long]), "cyan")
    return text if one.is_flag else text.append(f" {_metavar(one)}", "dim")


def _metavar(one: Any) -> str:
    name: str = one.metavar or ("PATH" if "Path" in _kind(one) else one.name.upper())
    if one.param_type_name == "argument" and not one.required and not name.startswith("["):
        return f"[{name}]"
    return name


def _kind(one: Any) -> str:
    return str(getattr(getattr(one, "type_descriptor", None), "annotation", ""))


def _about(one: Any) -> Text:
    """What it is for, and what holds without it."""
    text = _marked_up(" ".join((one.help or "").split()))
    default = getattr(one, "default", None)
    plain = default not in (None, False, True, "", [], ()) and not callable(default)
    if plain and one.show_default and "Default:" not in text.plain:
        text.append(f" Default: {default}", "dim")
    if one.required and one.param_type_name == "option":
        text.append(" Required.", "dim")
    return text
