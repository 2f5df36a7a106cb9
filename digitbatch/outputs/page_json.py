"""The JSON object of a page, and the page of such an object: results have it, and a journal."""

import json
import math
from dataclasses import asdict, replace
from typing import Any, Final, TypeVar, get_args

from digitbatch.types import (
    Box,
    DigitResult,
    FieldResult,
    Fit,
    Mark,
    PageRef,
    PageResult,
    ReadAs,
    Status,
    TableCell,
)

_T = TypeVar("_T")

# JSON allows these inside a string, but many readers (Python's splitlines) end a line at them.
_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def page_to_json(result: PageResult) -> dict[str, Any]:
    """One page as dicts, lists, strings and numbers; `page_from_json` gives back an equal page.

    Boxes are `[left, top, right, bottom]`. Numbers are the builtin types, so that `json` takes them
    also where a reader left a numpy scalar in the result.
    """
    page: dict[str, Any] = {
        "file": result.ref.file,
        "page": int(result.ref.page),
        "fields": [
            {
                "field": field.name,
                "text": field.text,
                "confidence": None if field.confidence is None else float(field.confidence),
                "status": field.status,
                "message": field.message,
                "reasons": list(field.reasons),
                "box": None if field.box is None else _box_to_json(field.box),
                "digits": [
                    {
                        "text": digit.text,
                        "confidence": float(digit.confidence),
                        "box": _box_to_json(digit.box),
                        "runners_up": [
                            {"text": text, "confidence": float(confidence)}
                            for text, confidence in digit.runners_up
                        ],
                        "column": None if digit.column is None else int(digit.column),
                    }
                    for digit in field.digits
                ],
                "marks": [
                    {"kind": mark.kind, "box": _box_to_json(mark.box)} for mark in field.marks
                ],
                "row": None if field.row is None else int(field.row),
                **({} if field.zone is None else {"zone": _box_to_json(field.zone)}),
                **({} if field.read is None else {"read": _read_to_json(field.read)}),
                **({} if field.cell is None else {"cell": asdict(field.cell)}),
            }
            for field in result.fields
        ],
    }
    if result.turned_deg:
        page["turned_deg"] = int(result.turned_deg)
    if result.is_inverted:
        page["inverted"] = True
    if result.fit is not None:
        page["fit"] = {
            "matched": int(result.fit.matched),
            "found": float(result.fit.found),
            "correlation": float(result.fit.correlation),
            "turned_deg": float(result.fit.turned_deg),
        }
    return page


def to_line(value: Any) -> str:
    """A value as JSON without a line end in it; ValueError if a number is not finite."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text if text.isascii() else text.translate(_LINE_ENDS)


def page_from_json(page: dict[str, Any]) -> PageResult:
    """The page that `page_to_json` was given. Keys that are not known are passed over.

    Raises:
        ValueError: If `page` is no such object: a key is missing or a value has another type.
    """
    try:
        return PageResult(
            PageRef(_typed(page["file"], str), _typed(page["page"], int)),
            tuple(_field_from_json(field) for field in page["fields"]),
            _fit_from_json(page["fit"]) if "fit" in page else None,
            _typed(page.get("turned_deg", 0), int),
            _typed(page.get("inverted", False), bool),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"this is not a page of digitbatch's results: {error!r}") from error


def _fit_from_json(fit: dict[str, Any]) -> Fit:
    matched = _typed(fit["matched"], int)
    return Fit(matched, *(_number(fit[key]) for key in ("found", "correlation", "turned_deg")))


def _field_from_json(field: dict[str, Any]) -> FieldResult:
    status = _status_from_json(field["status"])
    confidence, box = field["confidence"], field["box"]
    zone, read = field.get("zone"), field.get("read")
    return FieldResult(
        name=_typed(field["field"], str),
        status=status,
        text=_typed(field["text"], str),
        confidence=None if confidence is None else _number(confidence),
        message=_typed(field["message"], str),
        box=None if box is None else _box_from_json(box),
        digits=tuple(
            DigitResult(
                _typed(digit["text"], str),
                _number(digit["confidence"]),
                _box_from_json(digit["box"]),
                tuple(
                    (_typed(other["text"], str), _number(other["confidence"]))
                    for other in digit["runners_up"]
                ),
                _place(digit.get("column")),
            )
            for digit in field["digits"]
        ),
        marks=tuple(
            Mark(_typed(mark["kind"], str), _box_from_json(mark["box"])) for mark in field["marks"]
        ),
        row=_place(field.get("row")),
        reasons=tuple(_typed(code, str) for code in _typed(field.get("reasons", []), list)),
        zone=None if zone is None else _box_from_json(zone),
        read=None if read is None else _read_from_json(read),
        cell=_cell_from_json(field["cell"]) if "cell" in field else None,
    )


def _cell_from_json(cell: dict[str, Any]) -> TableCell:
    return TableCell(*(_typed(cell[key], str) for key in ("table", "row", "column")))


def _status_from_json(status: Any) -> Status:
    known: tuple[Status, ...] = get_args(Status)
    if status not in known:
        raise ValueError(f"status is one of {', '.join(known)}, got {status!r}")
    found: Status = status
    return found


def _read_to_json(read: ReadAs) -> dict[str, Any]:
    return {
        "text": read.text,
        "confidence": None if read.confidence is None else float(read.confidence),
        "status": read.status,
        "message": read.message,
        "reasons": list(read.reasons),
    }


def _read_from_json(read: dict[str, Any]) -> ReadAs:
    confidence = read["confidence"]
    return ReadAs(
        _typed(read["text"], str),
        _status_from_json(read["status"]),
        None if confidence is None else _number(confidence),
        _typed(read["message"], str),
        tuple(_typed(code, str) for code in _typed(read["reasons"], list)),
    )


def as_read(page: PageResult) -> PageResult:
    """A page without what people said of it: as it was read."""
    fields = (
        field
        if field.read is None
        else replace(
            field,
            text=field.read.text,
            status=field.read.status,
            confidence=field.read.confidence,
            message=field.read.message,
            reasons=field.read.reasons,
            read=None,
        )
        for field in page.fields
    )
    return replace(page, fields=tuple(fields))


def _box_to_json(box: Box) -> list[int]:
    return [int(box.left), int(box.top), int(box.right), int(box.bottom)]


def _box_from_json(box: list[Any]) -> Box:
    left, top, right, bottom = (_typed(side, int) for side in box)
    return Box(left, top, right, bottom)


def _typed(value: object, kind: type[_T]) -> _T:
    """`value`, if it is of this very type: a journal from outside must not smuggle others in."""
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {value!r}")
    return value


def _place(number: object) -> int | None:
    """A row or column; results of older versions name none."""
    return None if number is None else _typed(number, int)


def _number(value: object) -> float:
    """A finite number; other programs write 1.0 as 1."""
    number = float(value) if type(value) is int else _typed(value, float)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {number}")
    return number
