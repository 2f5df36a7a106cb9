"""Sets of labelled crops by name, from one YAML file: places, readers, weights, splits, credits.

`digitbatch train --data hands.yaml` reads all sets of the file, `hands.yaml#unipen,mnist` those.
"""

import difflib
import gzip
import json
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from digitbatch.config.yaml import Document, Problem, config_error, parse_yaml
from digitbatch.errors import UsageError

ENDINGS: Final = (".yaml", ".yml")
_VARIABLE: Final = re.compile(r"\$(\w+|\{\w+\})")


class TestWriters(BaseModel):
    """Whose crops are for testing only."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    __test__ = False  # no class of tests, whatever pytest thinks of its name

    writers: Annotated[str, Field(min_length=1)] | None = None  # FILE.json#key: their names
    path: Annotated[str, Field(min_length=1)] | None = None  # a file or folder of their own
    share: Annotated[float, Field(gt=0, lt=1)] | None = None  # of the crops, drawn by the seed
    seed: int = 0

    @model_validator(mode="after")
    def _one_way(self) -> "TestWriters":
        if sum(value is not None for value in (self.writers, self.path, self.share)) != 1:
            raise ValueError("expected one of writers, path and share")
        return self


class NamedSet(BaseModel):
    """One set of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    reader: Literal["crops", "pictures", "pen_tracks"] = "crops"
    role: Literal["digits", "other"] = "digits"
    weight: float = Field(default=1.0, gt=0)
    draws: int = Field(default=1, ge=1, le=100)
    most: int | None = Field(default=None, ge=1)
    leave_out: Annotated[str, Field(min_length=1)] | tuple[int, ...] = ()
    mislabelled: Annotated[str, Field(min_length=1)] | None = None
    like_digits: str = ""
    test: TestWriters | None = None
    writers_table: Annotated[str, Field(pattern=r"#[1-9][0-9]*$")] | None = None
    held_share: float = Field(default=0.06, ge=0, lt=1)
    licence: str = Field(min_length=1)
    credit: str = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: dict[str, NamedSet] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Named:
    """A set, its name, and what its paths are relative to."""

    name: str
    about: NamedSet
    folder: Path

    def place(self, text: str) -> Path:
        """A path of the set: variables filled in, relative to the file."""
        return self.folder / filled_in(text, f"{self.name}: path {text}")

    def listed(self, text: str) -> list[str]:
        """What `FILE.json#key` holds; a UsageError if it is no list."""
        file, _, key = text.partition("#")
        path = self.place(file)
        try:
            found = json.loads(path.read_bytes())[key]
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: cannot be read ({error})") from error
        except (KeyError, TypeError) as error:
            raise UsageError(f"{path}: has no key {key!r}") from error
        if not isinstance(found, list):
            raise UsageError(f"{path}, key {key}: expected a list")
        return [str(one) for one in found]

    def writers(self, count: int) -> list[str] | None:
        """The writer of each of `count` crops by `writers_table`; None: there is no such table."""
        if self.about.writers_table is None:
            return None
        file, _, column = self.about.writers_table.rpartition("#")
        path = self.place(file)
        try:
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
            found = [line.split("\t")[int(column) - 1] for line in text.splitlines()]
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, IndexError) as error:
            raise UsageError(f"{path}: has no column {column} to read ({error})") from error
        if len(found) != count:
            raise UsageError(f"{path}: has {len(found):,} lines for {count:,} crops")
        return found


def is_named(place: str | Path) -> bool:
    """Whether a place is a file of named sets, `FILE.yaml` or `FILE.yaml#NAME,NAME`."""
    return Path(_parted(str(place))[0]).suffix.lower() in ENDINGS


def named_sets(place: str | Path) -> list[Named]:
    """The sets that a place names, in the file's order.

    Raises:
        ConfigError: If the file is no such YAML; names the line.
        UsageError: If it cannot be read, or a set is not in it.
    """
    file, wanted = _parted(str(place))
    path = Path(file)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be read ({reason})") from error
    sets = parse_named_sets(content, str(path))
    for name in wanted:
        if name not in sets:
            near = difflib.get_close_matches(name, sets, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"{path}: has no set {name!r}{hint} (it has {', '.join(sets)})")
    folder = path.absolute().parent
    return [
        Named(name, about, folder) for name, about in sets.items() if name in wanted or not wanted
    ]


def parse_named_sets(content: bytes, name: str) -> dict[str, NamedSet]:
    """Validate the text of such a file; a ConfigError lists all that is wrong, with lines."""
    document = parse_yaml(content, name)
    try:
        return _File.model_validate_json(json.dumps(document.data), strict=True).sets
    except ValidationError as error:
        raise config_error(name, _problems(error, document)) from error


def filled_in(text: str, whose: str) -> str:
    """A path with `$NAME` and `${NAME}` filled in from the environment; a UsageError if not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1].strip("{}")
        if name not in os.environ:
            raise UsageError(
                f"{whose}: the environment variable {name} is not set; set it to the folder"
                " that holds the data, or write the path out"
            )
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def _parted(place: str) -> tuple[str, tuple[str, ...]]:
    file, _, names = place.partition("#")
    return file, tuple(name.strip() for name in names.split(",") if name.strip())


def _problems(error: ValidationError, document: Document) -> list[Problem]:
    problems = []
    for details in error.errors(include_url=False):
        where = details["loc"]
        said = {"missing": "is missing", "extra_forbidden": "is no key here" + _near(where)}.get(
            details["type"], f"{_plain(details['msg'])}, got {details['input']!r:.60}"
        )
        place = ".".join(str(part) for part in where if part != "function-after") or "the file"
        problems.append(Problem(document.line(where), f"{place}: {said}"))
    return problems


def _plain(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _near(where: tuple[str | int, ...]) -> str:
    keys = {1: list(_File.model_fields), 3: list(NamedSet.model_fields)}.get(
        len(where), list(TestWriters.model_fields)
    )
    near = difflib.get_close_matches(str(where[-1]), keys, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(keys)}"
