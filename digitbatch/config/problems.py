"""What the keys of pipeline.yaml take, and what is wrong in a file, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from digitbatch.config import Config, Zone
from digitbatch.config.tables import Column, Row, Table
from digitbatch.config.yaml import Document, Problem, Where
from digitbatch.stages import STAGES
from digitbatch.stages.base import MethodStage
from digitbatch.stages.chain import one_of

_NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    bool: "true or false",
}
_PLURALS: dict[Any, str] = {int: "whole numbers", float: "numbers"}
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping in pipeline.yaml."""

    name: str
    takes: str  # "a whole number from 2 to 255"
    default: str  # as it is written; "" where the key must be given
    description: str


def keys_of(model: type[BaseModel]) -> list[Key]:
    """The keys of a model in their order, without the `op` of a stage."""
    return [
        Key(name, takes(field), _default(model, name, field), field.description or "")
        for name, field in model.model_fields.items()
        if name != "op"
    ]


def model_at(where: Where) -> type[BaseModel] | None:
    """Which model's keys stand at a place, named as pydantic does: a stage's op after its index."""
    match where:
        case ():
            return Config
        case ("stages", int(), str() as op):
            return STAGES.get(op)
        case ("fields", int()):
            return Zone
        case ("tables", int()):
            return Table
        case ("tables", int(), "columns", int()):
            return Column
        case ("tables", int(), "rows", int()):
            return Row
        case (str() as key,) if key in Config.model_fields:
            annotation = Config.model_fields[key].annotation
            optional = get_origin(annotation) in (Union, UnionType)
            kinds = get_args(annotation) if optional else (annotation,)
            models = (kind for kind in kinds if isinstance(kind, type))
            return next((kind for kind in models if issubclass(kind, BaseModel)), None)
        case _:
            return None


def takes(field: FieldInfo) -> str:
    """What a key takes, in words."""
    return _words(field.annotation, tuple(field.metadata))


def takes_each(field: FieldInfo) -> str:
    """What the items of a list take, in words."""
    kinds = (field.annotation, *get_args(field.annotation))
    held = next((kind for kind in kinds if get_origin(kind) is tuple), None)
    return "a value" if held is None else _words(get_args(held)[0])


def written(value: object) -> str:
    """A value as it stands in pipeline.yaml."""
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    return str(value)


def _words(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """What a type takes, in words, within the limits that its metadata says."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        limits = [part.metadata if isinstance(part, FieldInfo) else [part] for part in more]
        return _words(inner, (*metadata, *chain.from_iterable(limits)))
    for constraint in metadata:
        if isinstance(constraint, BeforeValidator):
            return _words(constraint.json_schema_input_type)
    if origin in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return one_of([_words(kind, metadata) for kind in kinds])
    if origin is Literal:
        return _choice_words([written(choice) for choice in get_args(annotation)])
    if origin is tuple:
        return _list_words(annotation, metadata)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a mapping (key: value)"
    return _NAMES.get(annotation, "a value") + _range(metadata)


def _choice_words(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _list_words(annotation: Any, metadata: tuple[Any, ...]) -> str:
    """What a tuple takes: so many values of a kind, or any number of them."""
    kinds = [kind for kind in get_args(annotation) if kind is not Ellipsis]
    if len(kinds) > 1:
        bare = get_args(kinds[0])[0] if get_origin(kinds[0]) is Annotated else kinds[0]
        return f"a list of {len(kinds)} {_PLURALS.get(bare, 'values')}"
    item = _words(kinds[0])
    if "number" not in item:
        return "a list"
    plural = item.removeprefix("a ").replace("number", "numbers", 1)
    some = "one or more " if any(isinstance(limit, MinLen) for limit in metadata) else ""
    return f"a list of {some}{plural}"


def _range(metadata: tuple[Any, ...]) -> str:
    low = high = ""
    for limit in metadata:
        match limit:
            case Ge(ge=value):
                low = f" from {_number(value)}"
            case Gt(gt=value):
                low = f" above {_number(value)}"
            case Le(le=value):
                high = f" up to {_number(value)}"
            case Lt(lt=value):
                high = f" below {_number(value)}"
    if low.startswith(" from") and high.startswith(" up to"):
        return f"{low}{high.removeprefix(' up')}"
    return f"{low} and{high}" if low and high else low + high


def _number(value: object) -> str:
    large = isinstance(value, int) and value >= 10_000
    return f"{value:_}" if large else written(value)


def _default(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return ""
    if issubclass(model, MethodStage):
        for own in model.method_parameters.values():
            if own.get(name) is not None:
                return written(own[name])
    default = field.get_default()
    if field.default_factory is not None or isinstance(default, BaseModel) or default == ():
        return "left out"
    return _number(default)


def problems_of(error: ValidationError, document: Document) -> list[Problem]:
    """One problem for each thing that is wrong, with its line and its place."""
    found = error.errors(include_url=False)
    problems: dict[Where, Problem] = {}
    for details in found:
        loc = details["loc"]
        if any(_says_it_better(other, details) for other in found):
            continue
        where = _in_file(loc)
        ctx = details.get("ctx", {})
        if details["type"] == "plan":
            if ctx["index"] is not None:
                where = (*where, ctx["index"])
            text = str(ctx["text"])
        else:
            if details["type"] == "wrong_method":
                where = (*where, ctx["key"])
            text = f"{place_name(where)}: {_text(details['type'], loc, where, details, document)}"
        problems.setdefault(where, Problem(document.line(where), text))
    return list(problems.values())


def _says_it_better(other: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    """Whether `details` only follows from `other`: a list without its bad item, a misspelt key."""
    loc, other_loc = details["loc"], other["loc"]
    if details["type"] == "too_short":
        return bool(other_loc[:-1] == loc)
    if details["type"] != "missing" or other["type"] != "extra_forbidden":
        return False
    return bool(other_loc[:-1] == loc[:-1] and _close(other_loc[-1], loc[-1:]) == loc[-1])


def place_name(where: Where) -> str:
    """`fields[2].box`; "the file" for all of it."""
    name = ""
    for part in where:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "the file"


def _in_file(loc: Where) -> Where:
    """Where pydantic's place is in the file: it puts the op of a stage after its index."""
    return loc[:2] + loc[3:] if loc[:1] == ("stages",) else loc


def _text(
    kind: str, loc: Where, where: Where, details: Mapping[str, Any], document: Document
) -> str:
    got = _got(details["input"], where, document)
    match kind:
        case "extra_forbidden":
            return _unknown_key(loc)
        case "missing":
            return f"is missing; expected {_expected(loc)}"
        case "union_tag_not_found":
            return "the key op, which names the stage, is missing" + _did_you_mean("", STAGES)
        case "union_tag_invalid":
            tag = str(details["ctx"]["tag"])
            return f"unknown stage {_clipped(tag)}" + _did_you_mean(tag, STAGES)
        case "value_error":
            reason, semicolon, hint = str(details["ctx"]["error"]).partition("; ")
            said = reason if isinstance(details["input"], dict) else f"{reason}, got {got}"
            return said + semicolon + hint
        case "wrong_method":
            return str(details["msg"])
        case "dict_type" | "model_type" | "model_attributes_type" if loc[:1] == ("stages",):
            name = details["input"] if isinstance(details["input"], str) else "grayscale"
            return f"expected a mapping, for example `- op: {_clipped(name)}`, got {got}"
        case "string_type" if not isinstance(details["input"], list | dict | None):
            raw = document.places[where].text
            return f'expected text, got {got}; quote it: "{_clipped(raw or "")}"'
        case _:
            return f"expected {_expected(loc)}, got {got}"


def _expected(loc: Where) -> str:
    if model_at(loc) is not None:
        return "a mapping (key: value)"
    model = model_at(loc[:-1])
    if model is not None and loc[-1] in model.model_fields:
        return takes(model.model_fields[str(loc[-1])])
    model = model_at(loc[:-2])
    if model is not None and loc[-2] in model.model_fields:
        return takes_each(model.model_fields[str(loc[-2])])
    return "a mapping (key: value)"


def _unknown_key(loc: Where) -> str:
    model = model_at(loc[:-1])
    known = [key.name for key in keys_of(model)] if model is not None else []
    if model is Config or not known:
        return "unknown key" + _did_you_mean(str(loc[-1]), known)
    return "unknown key" + _did_you_mean(str(loc[-1]), known, f"{_owner(loc)} has ")


def _owner(loc: Where) -> str:
    match loc:
        case ("stages", _, op, *_):
            return str(op)
        case ("fields", *_):
            return "a field"
        case ("tables", int(), "columns" | "rows" as lines, int(), _):
            return f"a {lines.removesuffix('s')}"
        case ("tables", *_):
            return "a table"
        case _:
            return str(loc[0])


def _did_you_mean(word: str, known: Iterable[str], there_is: str = "expected one of ") -> str:
    names: Sequence[str] = list(known)
    close = _close(word, names)
    if close is not None:
        return f"; did you mean {close}?"
    if not names:
        return "; nothing but op stands here"
    joined = ", ".join(names) if there_is.startswith("expected") else one_of(names)
    return f"; {there_is}{joined.replace(' or ', ' and ')}"


def _close(word: object, names: Sequence[str]) -> str | None:
    """The name that `word` was probably meant to be."""
    return next(iter(get_close_matches(str(word).lower(), names, n=1, cutoff=0.6)), None)


def _got(value: object, where: Where, document: Document) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping (key: value)"
    place = document.places.get(where)
    if isinstance(value, str):
        return f'the text "{_clipped(value)}"'
    if place is not None and place.text is not None:
        truth = f" (which YAML reads as {str(value).lower()})" if isinstance(value, bool) else ""
        return f"{_clipped(place.text)}{truth}"
    return _clipped(str(value))


def _clipped(text: str) -> str:
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
