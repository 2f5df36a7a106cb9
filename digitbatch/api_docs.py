"""The reference of the Python names, made from docstrings: `python -m digitbatch.api_docs`."""

import ast
import dataclasses
import inspect
import re
from enum import Enum
from types import ModuleType
from typing import Any, Final

import digitbatch

_HEAD: Final = """\
# Python

What `import digitbatch` offers, made from the docstrings by `python -m digitbatch.api_docs`. These
names keep their meaning as [versions.md](versions.md) says; modules below `digitbatch` are not
meant to be imported by others.
"""


def page(module: ModuleType = digitbatch) -> str:
    """The reference as Markdown: functions first, then classes, then exceptions."""
    names = [name for name in module.__all__ if not name.startswith("_")]
    found = {name: getattr(module, name) for name in names}
    order = sorted(names, key=lambda name: (_rank(found[name]), name))
    return "\n".join([_HEAD, *(_entry(name, found[name]) for name in order)])


def _rank(value: Any) -> int:
    if not inspect.isclass(value):
        return 0
    return 2 if issubclass(value, BaseException) else 1


def _entry(name: str, value: Any) -> str:
    said = inspect.getdoc(value) or ""
    parts = [f"## {name}\n"]
    if not inspect.isclass(value):
        parts.append(f"```python\n{_signature(name, value)}\n```\n")
    elif issubclass(value, BaseException) and (code := getattr(value, "exit_code", None)):
        parts.append(f"Ends a command with exit code {int(code)}.\n")
    parts.append(_sections(said))
    if inspect.isclass(value) and (rows := _members(value)):
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _signature(name: str, value: Any) -> str:
    """A function with a line for each argument, as it is written: no Python spells types alike."""
    (function,) = ast.parse(inspect.getsource(value)).body
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - the names are functions or classes
    given = function.args
    firsts = [ast.unparse(argument) for argument in given.args]
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    later = [
        ast.unparse(argument) + ("" if default is None else f" = {ast.unparse(default)}")
        for argument, default in pairs
    ]
    lines = [*firsts, *(["*"] if later else []), *later]
    returned = "" if function.returns is None else f" -> {ast.unparse(function.returns)}"
    return f"{name}(\n    " + ",\n    ".join(lines).replace("'", '"') + f",\n){returned}"


def _plain(text: str) -> str:
    """A type by its bare name: of which module of ours or of the library it is helps nobody."""
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z_]\w*)", "", text).replace("'", '"')


def _sections(said: str) -> str:
    """A docstring of Google's form: its sections as lists."""
    lines, in_list = [], False
    for line in said.splitlines():
        if line in ("Args:", "Returns:", "Raises:", "Yields:"):
            in_list = line in ("Args:", "Raises:")
            lines += [f"**{line[:-1]}**", ""]
        elif in_list and (found := re.fullmatch(r"    (\w+): (.*)", line)):
            lines.append(f"- `{found[1]}`: {found[2]}")
        elif in_list and line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            in_list = in_list and not line.strip()
            lines.append(line.strip())
    return "\n".join(lines) + "\n"


def _members(value: type) -> list[str]:
    """The fields of a class of values, or the choices of an enumeration."""
    if issubclass(value, Enum):
        return [f"- `{one.name}` = {one.value}" for one in value]
    if dataclasses.is_dataclass(value):
        own = dataclasses.fields(value)
        return [f"- `{f.name}`: `{_plain(_type(f.type))}`" for f in own if f.name[0] != "_"]
    fields = getattr(value, "model_fields", {})
    return [f"- `{name}`: {field.description or ''}".rstrip() for name, field in fields.items()]


def _type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


if __name__ == "__main__":
    print(page(), end="")
