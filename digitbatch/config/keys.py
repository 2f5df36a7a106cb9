"""The keys of pipeline.yaml in words: what each takes, its range, its default."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from digitbatch.config import Config, Zone
from digitbatch.config.yaml import Where
from digitbatch.stages import STAGES
from digitbatch.stages.chain import one_of
from digitbatch.stages.methods import MethodStage

_NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    bool: "true or false",
}
_PLURALS: dict[Any, str] = {int: "whole numbers", float: "numbers"}


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
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    return _words(get_args(kinds[0])[0]) if kinds and get_args(kinds[0]) else "a value"


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
