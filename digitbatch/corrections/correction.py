"""One correction: what a person says is written in one field of one page of one content."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar, get_args

from digitbatch.types import Box, FieldResult

Mode = Literal["field", "class", "blind", "import"]
"""How a person came to say it: field after field, among all crops of a digit, without seeing what
was read, or in another program."""

_T = TypeVar("_T")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TEXT: Final = re.compile(r"(?:[0-9]+(?: [0-9]+)*)?(?:\.[0-9]+)?")
_NAME: Final = re.compile(r"[^;,:]{0,60}")


@dataclass(frozen=True, slots=True)
class Place:
    """What ties a correction to ink: the content of the file says the rest."""

    box: Box  # in pixels of the scan: the zone's, or without zones that around the line's ink
    is_zone: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """What one person says of one field."""

    content: str  # sha256 of the scan's file, as hex: moved and renamed files keep theirs
    page: int  # from 1
    field: str  # as the results called it when it was said
    place: Place
    read: str  # the text that was read then
    text: str | None  # what is right, "" for nothing written; None: nobody could read it
    by: str  # who said so; "" where that is not known
    when: str  # UTC, ISO 8601
    mode: Mode
    file: str = ""  # as the results called it then: to be told, and for nothing else

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.content):
            raise ValueError(f"a content is a sha256 in hex, got {self.content!r}")
        if self.page < 1 or not self.field:
            raise ValueError(f"a correction names a page from 1 and a field, got {self}")
        if self.text is not None and not is_text(self.text):
            raise ValueError(
                "what is written is digits, with blanks between groups and at most one point, "
                f"got {self.text!r}"
            )
        if not is_name(self.by):
            raise ValueError(
                f"a person's name has at most 60 letters, and no comma, colon or semicolon, "
                f"got {self.by!r}"
            )
        if self.mode not in get_args(Mode):
            raise ValueError(f"a mode is one of {', '.join(get_args(Mode))}, got {self.mode!r}")


def is_text(text: str) -> bool:
    """Whether a person can say that this is written in a field; "" is nothing."""
    return _TEXT.fullmatch(text) is not None


def is_name(by: str) -> bool:
    """Whether a person can be called so; "" is nobody known."""
    return _NAME.fullmatch(by) is not None and by.isprintable()


def place_of(field: FieldResult) -> Place | None:
    """What ties corrections to a field; None where the results do not say where its ink is.

    A zone's place is the zone, also where it is empty; a line's is the box around its ink.
    """
    if field.zone is not None:
        return Place(field.zone, is_zone=True)
    return None if field.box is None else Place(field.box, is_zone=False)


def now() -> str:
    """The time, as corrections have it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def to_json(correction: Correction) -> dict[str, Any]:
    """A correction as dicts, lists, strings and numbers."""
    box = correction.place.box
    return {
        "content": correction.content,
        "page": correction.page,
        "field": correction.field,
        "box": [box.left, box.top, box.right, box.bottom],
        "zone": correction.place.is_zone,
        "read": correction.read,
        "text": correction.text,
        "by": correction.by,
        "when": correction.when,
        "mode": correction.mode,
        "file": correction.file,
    }


def from_json(value: dict[str, Any]) -> Correction:
    """The correction that `to_json` was given; keys that are not known are passed over.

    Raises:
        ValueError: If it is none.
    """
    try:
        left, top, right, bottom = (_typed(side, int) for side in value["box"])
        place = Place(Box(left, top, right, bottom), _typed(value["zone"], bool))
        text = value["text"]
        return Correction(
            _typed(value["content"], str),
            _typed(value["page"], int),
            _typed(value["field"], str),
            place,
            _typed(value["read"], str),
            None if text is None else _typed(text, str),
            _typed(value["by"], str),
            _typed(value["when"], str),
            value["mode"],
            _typed(value["file"], str),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no correction: {error!r}") from error


def _typed(value: object, kind: type[_T]) -> _T:
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {value!r}")
    return value
