"""One YAML file as plain values, with the line and column of every key and value.

PyYAML's C parser composes nodes with marks; the values are built here, by YAML 1.2's rules
(scalars.py). Positions are looked up in the nodes only when a message needs one.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gtm.zonefile import runs
from gtm.zonefile.compose import PLAIN, STRING, Refused, compose
from gtm.zonefile.findings import Findings, Spot, Wrong, shown
from gtm.zonefile.scalars import plain, shorthand, tagged

# Nodes after aliases are written out. 10,000 services in 20 regions are 600,000 nodes; a few
# lines of nested aliases ("billion laughs") would be far more than memory holds.
MAX_NODES = 5_000_000

# Deeper than any zone file goes (the deepest key is 7 levels down), and far from Python's
# recursion limit.
MAX_DEPTH = 64

KeyPath = tuple[str | int, ...]


class Document:
    """A zone file's values and where they stand. `value` is what the file says, as a mapping."""

    def __init__(
        self,
        file: str,
        root: Node,
        value: dict[str, object],
        whole: Callable[[], Node | None] | None = None,
    ) -> None:
        """`root` is the node that `value` was built from.

        Where runs of services were cut out of that, `whole` composes the file with them: it takes
        long, and only mistakes and warnings ask for it.
        """
        self.file = file
        self.value = value
        self._root = root
        self._whole = whole
        self._tables: dict[int, dict[str, tuple[Node, Node]]] = {}

    def key(self, path: KeyPath) -> Spot:
        """Where the key at the end of the path stands."""
        return self._spot(path, 0)

    def at(self, path: KeyPath) -> Spot:
        """Where the value at the end of the path stands."""
        return self._spot(path, 1)

    def whole(self) -> Spot:
        """The file itself."""
        return Spot(self.file)

    def value_at(self, path: KeyPath) -> object:
        """The plain value at the end of the path; None where the file has none."""
        value: object = self.value
        for part in path:
            if isinstance(value, list):
                value = value[part] if isinstance(part, int) and part < len(value) else None
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def _spot(self, path: KeyPath, which: int) -> Spot:
        """Follow the path as far as the file has it; parts that it lacks are passed over."""
        if self._whole is not None and path[:1] == ("apps",) and path[2:3] == ("services",):
            self._root, self._whole = self._whole() or self._root, None
            self._tables.clear()
        pair: tuple[Node, Node] = (self._root, self._root)
        keys: list[str] = []
        for part in path:
            found = self._child(pair[1], part)
            if found is None:
                continue
            pair = found
            if isinstance(part, str):
                keys.append(part if part.isprintable() and part else json.dumps(part))
        return spot_of(self.file, pair[which], ".".join(keys))

    def _child(self, node: Node, part: str | int) -> tuple[Node, Node] | None:
        if isinstance(node, MappingNode) and isinstance(part, str):
            return self._table(node).get(part)
        if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part]
        return None

    def _table(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        table = self._tables.get(id(node))
        if table is None:
            pairs = reversed(node.value)  # of two equal keys the first counts
            table = {key.value: (key, value) for key, value in pairs if type(key) is ScalarNode}
            self._tables[id(node)] = table
        return table


def spot_of(file: str, node: Node, key: str) -> Spot:
    """Where a node begins."""
    return Spot(file, node.start_mark.line + 1, node.start_mark.column + 1, key)


def parse(file: str, data: bytes, findings: Findings) -> Document | None:
    """The document in `data`; None, with the mistake noted, if it can't be used at all."""
    quickly = _without_runs(file, data, findings)
    if quickly is not None:
        return quickly
    try:
        root = compose(data, MAX_NODES, MAX_DEPTH)
        value = _Builder(file, findings).build(root) if root is not None else None
    except Refused as refused:
        findings.wrong(Spot(file, refused.line, refused.column), refused.problem, refused.remedy)
        return None
    if root is None or value is None:
        findings.wrong(Spot(file), "the file is empty", "begin it with `zone: your.zone.example`")
        return None
    if not isinstance(value, dict):
        findings.wrong(
            spot_of(file, root, ""),
            f"the file holds {shown(value)} instead of keys",
            "begin it with `zone: your.zone.example`",
        )
        return None
    return Document(file, root, value)


def _without_runs(file: str, data: bytes, findings: Findings) -> Document | None:
    """The same with runs of plain services read beside YAML; None if it has to be read whole.

    So it is without such runs, and where anything is wrong with it or out of the ordinary.
    """
    try:
        text, found = runs.runs_in(data.decode())
    except UnicodeDecodeError:
        return None
    if not found:
        return None
    mistakes = Findings()
    nodes = MAX_NODES - sum(run.nodes for run in found)
    try:
        root = compose(text.encode(), nodes, MAX_DEPTH)
        if root is None or not runs.held(root, found):
            return None
        value = _Builder(file, mistakes).build(root)
    except Refused:
        return None
    if mistakes.mistakes or not isinstance(value, dict) or not runs.put_back(value, found):
        return None
    findings.warnings += mistakes.warnings
    return Document(file, root, value, lambda: compose(data, MAX_NODES, MAX_DEPTH))


class _Builder:
    """Builds plain values from nodes; aliased nodes are built once and shared."""

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._path: list[str] = []
        self._size = 0  # nodes so far, with aliases written out
        self._deepest = 0
        self._done: dict[int, tuple[object, int, int] | None] = {}

    def build(self, node: Node) -> object:
        """The value of the root node. Raises Refused."""
        return self._scalar(node) if type(node) is ScalarNode else self._collection(node, 1)

    def _collection(self, node: Node, depth: int) -> object:
        if (known := self._done.get(id(node), _NEW)) is not _NEW:
            return self._again(node, known, depth)
        self._done[id(node)] = None
        size, deepest = self._size, self._deepest
        self._deepest = depth
        value: object
        if type(node) is MappingNode:
            value = self._mapping(node, depth)
        else:
            value = self._sequence(node, depth)
        self._size += 1
        self._done[id(node)] = value, self._size - size, self._deepest - depth
        self._deepest = max(deepest, self._deepest)
        return value

    def _again(self, node: Node, known: tuple[object, int, int] | None, depth: int) -> object:
        """An alias of a value built before, or of one that is still open: a cycle."""
        if known is None:
            raise Refused.at(
                node.start_mark,
                "an alias (`*name`) refers to a value that holds it",
                "write the value out",
            )
        value, size, height = known
        self._size += size
        self._deepest = max(self._deepest, depth + height)
        if self._size > MAX_NODES:
            raise Refused.at(
                node.start_mark,
                f"its aliases (`*name`) stand for more than {MAX_NODES:,} values",
                "write fewer or smaller aliases",
            )
        if depth + height > MAX_DEPTH:
            raise Refused.at(
                node.start_mark,
                f"values are nested deeper than {MAX_DEPTH} levels through aliases (`*name`)",
                "write the values out",
            )
        return value

    def _sequence(self, node: Node, depth: int) -> list[object]:
        if node.tag not in ("", "tag:yaml.org,2002:seq"):
            self._unknown_tag(node)
        self._size += len(node.value)
        return [
            self._scalar(child) if type(child) is ScalarNode else self._collection(child, depth + 1)
            for child in node.value
        ]

    def _mapping(self, node: Node, depth: int) -> dict[str, object]:
        if node.tag not in ("", "tag:yaml.org,2002:map"):
            self._unknown_tag(node)
        result: dict[str, object] = {}
        path = self._path
        self._size += 2 * len(node.value)
        for key_node, value_node in node.value:
            key = key_node.value
            odd = type(key_node) is not ScalarNode or key in result or key in _ODD_KEYS
            if odd and not self._key_is_usable(key_node, node, result):
                continue
            if type(value_node) is ScalarNode:
                tag = value_node.tag
                if tag is PLAIN:
                    result[key] = plain(value_node.value)
                    continue
                if tag is STRING:
                    result[key] = value_node.value
                    continue
            path.append(key)
            if type(value_node) is ScalarNode:
                result[key] = self._scalar(value_node)
            else:
                result[key] = self._collection(value_node, depth + 1)
            path.pop()
        return result

    def _key_is_usable(self, key: Node, mapping: Node, result: dict[str, object]) -> bool:
        if type(key) is not ScalarNode:
            self._wrong(key, "a key is a list or a mapping", "write a name as key")
        elif key.value == "<<" and key.tag is PLAIN:
            self._wrong(
                key,
                "merge keys (`<<`) are not supported",
                "write the keys out, or use an alias (`*name`) for a whole value",
            )
        elif key.value == "" and key.tag is PLAIN:
            self._wrong(
                key,
                "the key is missing",
                'write a name before the colon (`""` is the zone\'s own name)',
            )
        elif key.value in result:
            first = next(k for k, _ in mapping.value if k.value == key.value)
            spot = spot_of(self._file, first, "")
            self._path.append(key.value)
            self._wrong(key, f"the key is written twice, first at {spot}", "keep one of them")
            self._path.pop()
        else:
            return True
        return False

    def _scalar(self, node: Node) -> object:
        tag = node.tag
        if tag is PLAIN:
            return plain(node.value)
        if tag is STRING:
            return node.value
        try:
            return tagged(tag, node.value)
        except Wrong as wrong:
            self._wrong(node, wrong.problem, wrong.remedy)
            return node.value

    def _unknown_tag(self, node: Node) -> None:
        self._wrong(node, f"the tag {shorthand(node.tag)} is not supported", "remove the tag")

    def _wrong(self, node: Node, problem: str, remedy: str) -> None:
        self._findings.wrong(spot_of(self._file, node, ".".join(self._path)), problem, remedy)


_NEW = (None, -1, -1)
_ODD_KEYS = frozenset(("", "<<"))
