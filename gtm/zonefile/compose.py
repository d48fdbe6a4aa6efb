"""From bytes to YAML nodes: PyYAML's C parser, with limits and messages of our own."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.error import Mark, MarkedYAMLError, YAMLError
from yaml.nodes import Node, ScalarNode
from yaml.reader import ReaderError

# Tags of scalars without an explicit one. Compared by identity.
PLAIN = "plain"
STRING = "string"

# libyaml's words for the usual slips, and ours: problem and remedy.
_WORDS = {
    "mapping values are not allowed in this context": (
        "a colon stands where no key can begin",
        "check the indentation, and put text that holds `: ` in quotes",
    ),
    "found character that cannot start any token": (
        "this character can't begin a value",
        "indent with spaces rather than tabs, and put text that begins with a sign in quotes",
    ),
    "could not find expected ':'": (
        "a key has no colon after it",
        "write `key: value`, and check the indentation",
    ),
    "did not find expected key": (
        "a key was expected here",
        "check the indentation of this line, and that brackets and quotes are closed",
    ),
    "did not find expected '-' indicator": (
        "a list item was expected here",
        "begin it with `- `, or check the indentation of this line",
    ),
    "did not find expected ',' or ']'": (
        "a list is not closed",
        "write `]` at its end and commas between its values",
    ),
    "did not find expected ',' or '}'": (
        "a mapping is not closed",
        "write `}` at its end and commas between its values",
    ),
    "found unexpected end of stream": (
        "a quote is not closed",
        "write the closing quote",
    ),
    "found undefined alias": (
        "an alias refers to nothing",
        "write `&name` at the value it stands for, before this line, or put the text in quotes",
    ),
    "did not find expected alphabetic or numeric character": (
        "a name is missing after `*` or `&`",
        'put text that begins with a sign in quotes, such as `"*"`',
    ),
    "found duplicate anchor": (
        "an anchor (`&name`) is written twice",
        "give each anchor its own name",
    ),
    "but found another document": (
        "the file holds more than one YAML document",
        "put each zone into a file of its own and remove the `---` line",
    ),
}
_NOT_YAML_REMEDY = "check the indentation, brackets and quotes around this place"


class Refused(Exception):  # noqa: N818 - never leaves the package
    """A document that can't be used at all. Line and column count from 1 (0: the whole file)."""

    def __init__(self, problem: str, remedy: str, line: int = 0, column: int = 0) -> None:
        """`problem` and `remedy` are clauses in an operator's words."""
        super().__init__(problem)
        self.problem, self.remedy, self.line, self.column = problem, remedy, line, column

    @classmethod
    def at(cls, mark: Mark | None, problem: str, remedy: str) -> Refused:
        """Refused at a mark of PyYAML."""
        if mark is None:
            return cls(problem, remedy)
        return cls(problem, remedy, mark.line + 1, mark.column + 1)


def compose(data: bytes, max_nodes: int, max_depth: int) -> Node | None:
    """The root node of the one document in `data`; None if there is none. Raises Refused."""
    _require_text(data)
    loader = _Loader(data, max_nodes, max_depth)
    try:
        root: Node | None = loader.get_single_node()
    except MarkedYAMLError as error:
        raise _refusal(error) from None
    except ReaderError as error:
        raise _at_offset(
            data,
            error.position,
            "a control character stands in the text",
            "remove it, or write it as an escape in double quotes",
        ) from None
    except YAMLError as error:
        raise Refused(f"the file is not YAML ({error})", _NOT_YAML_REMEDY) from None
    finally:
        loader.dispose()
    return root


class _Loader(yaml.CSafeLoader):
    """Composes nodes whose tags say no more than whether a scalar was quoted."""

    def __init__(self, data: bytes, max_nodes: int, max_depth: int) -> None:
        super().__init__(data)
        self._nodes_left = max_nodes
        self._levels_left = max_depth

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """The tag of a node without one; called for every node, so it is kept short."""
        if kind is ScalarNode:
            return PLAIN if implicit[0] else STRING
        return ""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Called by the composer before each node: the place to stop what is too much."""
        self._nodes_left -= 1
        self._levels_left -= 1
        if self._levels_left < 0:
            raise Refused.at(
                _mark(current_node),
                "values are nested too deep",
                "close the brackets, or write fewer levels",
            )
        if self._nodes_left < 0:
            raise Refused.at(
                _mark(current_node), "the file holds too many values", "split the zone"
            )

    def ascend_resolver(self) -> None:
        """Called by the composer after each node."""
        self._levels_left += 1


def _mark(node: Node | None) -> Mark | None:
    return None if node is None else node.start_mark


def _require_text(data: bytes) -> None:
    if (offset := data.find(b"\0")) >= 0:
        raise _at_offset(
            data, offset, "the file is binary (it has a zero byte)", "write it as UTF-8 text"
        )
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise _at_offset(
            data, error.start, "the file is not UTF-8 text", "save it as UTF-8"
        ) from None


def _at_offset(data: bytes, offset: int, problem: str, remedy: str) -> Refused:
    """Refused at a byte offset."""
    before = data[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode(errors="replace")) + 1
    return Refused(problem, remedy, before.count(b"\n") + 1, column)


def _refusal(error: MarkedYAMLError) -> Refused:
    problem = error.problem or error.context or "it can't be parsed"
    mark = error.problem_mark or error.context_mark
    for theirs, (ours, remedy) in _WORDS.items():
        if problem.startswith(theirs):
            return Refused.at(mark, ours, remedy)
    return Refused.at(mark, f"the file is not YAML here ({problem})", _NOT_YAML_REMEDY)
