"""What people say single digits of a field are, while they have not said it of the whole field."""

from dataclasses import dataclass
from typing import Any, Final

from digitbatch.corrections.correction import Place
from digitbatch.types import Box

TEXTS: Final = "0123456789?"
"""What a digit can be said to be; "?" is ink that nobody can read, or no digit."""


@dataclass(frozen=True, slots=True)
class DigitMarks:
    """What one person says of some digits of one field, as it was read then."""

    content: str  # sha256 of the scan's file, as hex
    page: int  # from 1
    field: str
    place: Place
    read: str  # the text that was read: of another reading, the digits are others
    digits: tuple[tuple[int, str | None], ...]
    """Which of the digits, from 0, and one of `TEXTS`; None takes back what was said of it."""
    by: str
    when: str  # UTC, ISO 8601

    def __post_init__(self) -> None:
        for digit, text in self.digits:
            if digit < 0 or not (text is None or (len(text) == 1 and text in TEXTS)):
                raise ValueError(f"expected a digit's number and one of {TEXTS}, got {self.digits}")


def marks_to_json(marks: DigitMarks) -> dict[str, Any]:
    """Marks as dicts, lists, strings and numbers."""
    box = marks.place.box
    return {
        "content": marks.content,
        "page": marks.page,
        "field": marks.field,
        "box": [box.left, box.top, box.right, box.bottom],
        "zone": marks.place.is_zone,
        "read": marks.read,
        "digits": [list(one) for one in marks.digits],
        "by": marks.by,
        "when": marks.when,
    }


def marks_from_json(value: dict[str, Any]) -> DigitMarks:
    """The marks that `marks_to_json` was given.

    Raises:
        ValueError: If it is none.
    """
    try:
        return DigitMarks(
            str(value["content"]),
            int(value["page"]),
            str(value["field"]),
            Place(Box(*map(int, value["box"])), bool(value["zone"])),
            str(value["read"]),
            tuple((int(digit), text) for digit, text in value["digits"]),
            str(value["by"]),
            str(value["when"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no marks of digits: {error!r}") from error
