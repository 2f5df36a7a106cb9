"""YAML for configuration: plain data only, and a line number for everything in it.

Scalars are read as YAML 1.2 reads them (`010` is ten, `12:30` and `2024-01-01` are text), except
that the bare yes, no, on and off of YAML 1.1 stay truth values: other tools read them so, and text
that looks like one must be quoted. Tags, anchors and aliases are refused: no value of a
configuration needs them, and they are how YAML runs code or grows without end.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Final

import yaml

from digitbatch.errors import ConfigError

Where = tuple[str | int, ...]
"""Where something stands: keys and list positions from 0, from the top of the file."""

_MOST_BYTES: Final = 250_000  # thousands of zones; more only costs time
_DEEPEST: Final = 20
_LONGEST_NUMBER: Final = 100
_TAG: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and on which line; line 0: of the file as a whole."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and how it is written."""

    line: int  # from 1; the line of its key where it has one
    text: str | None  # a scalar without its quotes; None for a list or a mapping


@dataclass(slots=True)
class Document:
    """A file's data, made of dict, list, str, int, float, bool and None, and where each part is."""

    name: str
    data: object = None
    places: dict[Where, Place] = field(default_factory=dict)

    def line(self, path: Where) -> int:
        """The line of `path`, or of the nearest thing around it that is in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path].line if path in self.places else 0


def config_error(name: str, problems: list[Problem]) -> ConfigError:
    """All problems of one file as one error, in the file's order."""
    lines = [f"line {p.line}: {p.text}" if p.line else p.text for p in sorted(problems)]
    if len(lines) == 1:
        return ConfigError(f"{name}: {lines[0]}")
    return ConfigError("\n  ".join([f"{name}: {len(lines)} problems", *lines]))


def parse_yaml(content: bytes, name: str) -> Document:
    """Parse one YAML document, UTF-8 of at most 250,000 bytes; messages call the file `name`.

    Raises:
        ConfigError: If it is no such YAML. Says the line and what to do about it.
    """
    if len(content) > _MOST_BYTES:
        size = f"is {len(content):,} bytes long; a configuration is under 250 kB"
        raise ConfigError(f"{name}: {size}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(line, "is not UTF-8 text; save the file as UTF-8")
        raise config_error(name, [problem]) from error
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise config_error(name, [_syntax_problem(error)]) from error
    except yaml.YAMLError as error:  # characters that YAML does not allow: carries no mark
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{name}: is not valid YAML ({reason})") from error
    document = Document(name)
    if root is not None:
        problems: list[Problem] = []
        document.places[()] = Place(1, None)
        document.data = _value(root, (), document.places, problems)
        if problems:
            raise config_error(name, problems)
    return document


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses what a configuration does not need before it can do harm."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            reason = "anchors (&) and aliases (*) are not read here: write the value out"
            raise yaml.composer.ComposerError(None, None, f"{reason}, or quote it", mark)
        if getattr(event, "tag", None) is not None:
            reason = f"tags are not read here: leave {_short(event.tag)} out, or quote the value"
            raise yaml.composer.ComposerError(None, None, reason, mark)
        if self._depth == _DEEPEST:
            reason = f"nested more than {_DEEPEST} deep"
            raise yaml.composer.ComposerError(None, None, reason, mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_Loader.add_implicit_resolver(
    f"{_TAG}bool",
    re.compile("^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"),
    list("yYnNtTfFoO"),
)
_Loader.add_implicit_resolver(
    f"{_TAG}null", re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile("^[-+]?[0-9][0-9_]*$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def _value(
    node: yaml.Node, path: Where, places: dict[Where, Place], problems: list[Problem]
) -> object:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, places, problems)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            inner = (*path, index)
            places[inner] = _place(item, item)
            items.append(_value(item, inner, places, problems))
        return items
    try:
        return _scalar(node.tag.removeprefix(_TAG), node.value)
    except ValueError as error:
        problems.append(Problem(node.start_mark.line + 1, str(error)))
        return None


def _mapping(
    node: yaml.MappingNode, path: Where, places: dict[Where, Place], problems: list[Problem]
) -> dict[str, object]:
    mapping: dict[str, object] = {}
    first: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.tag.endswith(":str"):
            written = f" {_short(key_node.value)}" if isinstance(key_node.value, str) else ""
            problems.append(Problem(line, f"a key must be text, this one{written} is not"))
            continue
        key = key_node.value
        if key in first:
            again = (
                f"the key {_short(key)} stands here again (first on line {first[key]}); keep one"
            )
            problems.append(Problem(line, again))
            continue
        first[key] = line
        inner = (*path, key)
        places[inner] = _place(key_node, value_node)
        mapping[key] = _value(value_node, inner, places, problems)
    return mapping


def _place(marked: yaml.Node, value: yaml.Node) -> Place:
    text = value.value if isinstance(value, yaml.ScalarNode) else None
    return Place(marked.start_mark.line + 1, text)


def _scalar(kind: str, text: str) -> object:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("yes", "true", "on")
    if kind in ("int", "float"):
        number: int | float = math.inf
        if len(text) <= _LONGEST_NUMBER:
            number = int(text.replace("_", "")) if kind == "int" else float(text)
        if not math.isfinite(number):
            raise ValueError(f"the number {_short(text)} is too large")
        return number
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{_short(ascii(text))} holds half of a character (a lone surrogate)")
    return text


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    if isinstance(error, yaml.composer.ComposerError) and error.context is None:
        return Problem(line, str(error.problem))
    if error.problem and "'\\t'" in error.problem:
        return Problem(line, "a tab where YAML wants blanks; indent with blanks")
    if isinstance(error, yaml.composer.ComposerError):
        return Problem(line, "a second document begins here (---); a configuration is one document")
    said = ", ".join(part for part in (error.context, error.problem) if part)
    hint = "; quote text that holds ': ', '#' or brackets" if "mapping" in said else ""
    return Problem(line, f"is not valid YAML ({said}){hint}")


def _short(text: str) -> str:
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= 40 else text[:37] + "..."
