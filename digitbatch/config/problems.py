"""What pydantic found wrong in a file, said for the person who wrote it."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from digitbatch.config import Config
from digitbatch.config.keys import keys_of, model_at, takes, takes_each
from digitbatch.config.yaml import Document, Problem, Where
from digitbatch.stages import STAGES
from digitbatch.stages.chain import one_of

_LONGEST_VALUE = 60


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
    """What belongs at a place."""
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
    return str(loc[2]) if loc[0] == "stages" else "a field" if loc[0] == "fields" else str(loc[0])


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
    """A value on one line, and not a long one."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
