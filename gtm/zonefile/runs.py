"""Services in the plainest form, read without composing YAML nodes for them.

Nearly all of a large zone is lines like

    orders:
      us-east: [192.0.2.10]
      eu-west: [198.51.100.10]

A *run* of such services is cut out of the text, and one key stands in for it when the rest is
composed. That is right only where the stand-in turns up as a key among the services of an app:
anything else (a block scalar, a flow mapping around it) is for the caller to notice, by
`held`, and to read the file whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from yaml.nodes import MappingNode, Node, ScalarNode

LEAST = 64  # services: fewer are read as fast with all the rest
DEEPEST = 32  # spaces before a region: each depth takes an expression of its own
STAND_IN = "gtm-run-of-services-"

_KEY = r"[0-9A-Za-z][0-9A-Za-z_-]{0,62}"
_ADDRESS = r'(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|"[0-9A-Fa-f:.]{2,45}")'
_END = r"(?: +(?:#[ -~]*)?)?\n"
_VALUE = rf"(?:\[{_ADDRESS}(?:, {_ADDRESS})*\]|{_ADDRESS})"
_OPENING = re.compile(rf"^( +){_KEY}:{_END}( +){_KEY}: {_VALUE}{_END}", re.MULTILINE)
_LINE = re.compile(rf"^ +({_KEY}):(?: ([^#\n]*[^# \n]))?{_END}", re.MULTILINE)
_ANCHOR = re.compile(r"(?<![^\s,\[\]{}:?-])&\S")
_NEXT = re.compile(r"(?: *(?:#[^\n]*)?\n)*( *)(?=[^ ])")

Written = dict[str, object]  # region names and what is written for them


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive services of one app. `line` and `column` of its first key count from 0.

    `nodes` is how many YAML nodes it stands for.
    """

    key: str
    line: int
    column: int
    nodes: int
    services: Mapping[str, Written]


def runs_in(text: str) -> tuple[str, list[Run]]:
    """The text with a stand-in for each run, every other line where it was; and the runs.

    A run with a key written twice is none. Nor is there one in a text with anchors: what they name
    counts where its aliases stand, too.
    """
    runs: list[Run] = []
    kept: list[str] = []
    position, line, counted = 0, 0, 0
    found = None if STAND_IN in text or _ANCHOR.search(text) else _OPENING.search(text)
    while found is not None:
        end = _end_of_run(text, found)
        run = _run(text[found.start() : end], f"{STAND_IN}{len(runs)}", found) if end else None
        if run is not None:
            line += text.count("\n", counted, found.start())
            counted = found.start()
            runs.append(Run(run.key, line, run.column, run.nodes, run.services))
            kept.append(text[position : found.start()])
            blank = "\n" * text.count("\n", found.start(), end)
            kept.append(f"{' ' * run.column}{run.key}: 0{blank}")
            position = end
        found = _OPENING.search(text, max(end, found.end()))
    return ("".join([*kept, text[position:]]), runs) if runs else (text, runs)


def _end_of_run(text: str, opening: re.Match[str]) -> int:
    """Where the run ends that begins there; 0 if there is none."""
    outer, inner = len(opening[1]), len(opening[2])
    if not outer < inner <= DEEPEST:
        return 0
    found = _services_at(outer, inner).match(text, opening.start())
    if found is None:
        return 0
    after = _NEXT.match(text, found.end())
    # what is deeper still belongs to the last of them
    return found.start(1) if after is not None and len(after[1]) > outer else found.end()


@lru_cache(maxsize=64)
def _services_at(outer: int, inner: int) -> re.Pattern[str]:
    """Services whose keys are indented so far, and their regions'; group 1 is the last."""
    region = rf" {{{inner}}}{_KEY}: {_VALUE}{_END}"
    return re.compile(rf"( {{{outer}}}{_KEY}:{_END}(?:{region})++)++")


def _run(text: str, key: str, opening: re.Match[str]) -> Run | None:
    services: dict[str, Written] = {}
    nodes = lines = regions = 0
    here: Written = {}
    for name, value in _LINE.findall(text):
        lines += 1
        if not value:
            here = services[name] = {}
            nodes += 2
        elif value[0] == "[":
            here[name] = found = value[1:-1].replace('"', "").split(", ")
            nodes += 2 + len(found)
            regions += 1
        else:
            here[name] = value.strip('"')
            nodes += 2
            regions += 1
    twice = len(services) + regions < lines or sum(map(len, services.values())) < regions
    if twice or len(services) < LEAST:
        return None
    return Run(key, 0, len(opening[1]), nodes, services)


# --- after the rest was composed ----------------------------------------------------------


def held(root: Node, runs: Sequence[Run]) -> bool:
    """Whether each stand-in is a key among the services of an app, there and nowhere else."""
    found: list[tuple[str, int, int]] = []
    for app in _values(_child(root, "apps")):
        for key, value in _pairs(_child(app, "services")):
            if key.value.startswith(STAND_IN) and type(value) is ScalarNode and value.value == "0":
                found.append((key.value, key.start_mark.line, key.start_mark.column))
    return found == [(run.key, run.line, run.column) for run in runs]


def put_back(value: object, runs: Sequence[Run]) -> bool:
    """Puts the services of runs into the plain value of a file; False if a key is there twice."""
    services = {run.key: run.services for run in runs}
    apps = value.get("apps") if isinstance(value, dict) else None
    for app in apps.values() if isinstance(apps, dict) else ():
        written = app.get("services") if isinstance(app, dict) else None
        if not isinstance(written, dict) or services.keys().isdisjoint(written):
            continue
        whole: dict[str, object] = {}
        count = 0
        for key, one in written.items():
            several = services.get(key, {key: one})
            whole.update(several)
            count += len(several)
        if len(whole) < count:
            return False
        app["services"] = whole
    return True


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    """What a mapping in block style holds under plain keys."""
    if type(node) is not MappingNode or node.flow_style:
        return []
    return [pair for pair in node.value if type(pair[0]) is ScalarNode]


def _values(node: Node | None) -> list[Node]:
    return [value for _, value in _pairs(node)]


def _child(node: Node | None, key: str) -> Node | None:
    return next((value for name, value in _pairs(node) if name.value == key), None)
