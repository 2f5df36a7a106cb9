"""What corrections come to for the fields of a page as it is read now.

A correction is of ink, not of a name: other weights may number lines otherwise, and a person may
draw zones anew. What was said of ink that no field has now is stale, and is applied to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digitbatch.corrections.correction import Correction, Place, place_of
from digitbatch.types import Box, FieldResult


@dataclass(frozen=True, slots=True)
class SamePlace:
    """How far two places may lie apart and still have the same ink."""

    zone: float = 0.03  # of a zone's height, on each side: rounding, and no digit
    least_px: int = 2  # on each side, in pixels of the scan
    line_end: float = 0.1  # of a line's height, at either end: less than the finest 1 and its gap
    line_overlap: float = 0.6  # of the heights of two lines: what both have of what either has


SAME: Final = SamePlace()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people say of one field: of each person, the last word."""

    words: tuple[Correction, ...]  # at least one, the last said last

    @property
    def is_disputed(self) -> bool:
        """Whether two people say different things."""
        return len({_bare(word.text) for word in self.words}) > 1

    @property
    def text(self) -> str | None:
        """What is right; None where nobody could read it. Means nothing if it `is_disputed`."""
        return self.words[-1].text

    @property
    def is_verified(self) -> bool:
        """Whether the text is right, as far as people know."""
        return not self.is_disputed and self.text is not None


@dataclass(frozen=True, slots=True)
class Settled:
    """What all corrections of a page come to."""

    verdicts: dict[int, Verdict]  # by the place of the field among the page's, from 0
    stale: tuple[Correction, ...]  # of ink that no field has now


def settle(fields: Sequence[FieldResult], made: Sequence[Correction]) -> Settled:
    """Tie corrections to the fields of a page.

    Args:
        fields: As they are read now.
        made: All that stands for the page, in order: `Corrections.of_page`.
    """
    places = [place_of(field) for field in fields]
    words: dict[int, dict[str, Correction]] = {}
    stale = []
    for correction in made:
        index = _field_of(correction, fields, places)
        if index is None:
            stale.append(correction)
        else:
            of_field = words.setdefault(index, {})
            of_field.pop(correction.by, None)  # on the same ink, when it had another number
            of_field[correction.by] = correction
    verdicts = {index: Verdict(tuple(words[index].values())) for index in sorted(words)}
    return Settled(verdicts, tuple(stale))


def _field_of(
    correction: Correction, fields: Sequence[FieldResult], places: Sequence[Place | None]
) -> int | None:
    """The one field that has the ink of a correction; None if none has, or two may have it."""
    found = [
        index
        for index, (field, place) in enumerate(zip(fields, places, strict=True))
        if place is not None
        and place.is_zone == correction.place.is_zone
        and (not place.is_zone or field.name == correction.field)
        and has_same_ink(place, correction.place)
    ]
    return found[0] if len(found) == 1 else None


def has_same_ink(one: Place, other: Place) -> bool:
    """Whether two places of one page have the same ink, both of zones or both of lines."""
    a, b = one.box, other.box
    height = min(a.height, b.height)
    ends = max(abs(a.left - b.left), abs(a.right - b.right))
    if one.is_zone:
        edges = max(ends, abs(a.top - b.top), abs(a.bottom - b.bottom))
        return edges <= max(SAME.least_px, SAME.zone * height)
    return ends <= max(SAME.least_px, SAME.line_end * height) and (
        _overlap(a, b) >= SAME.line_overlap
    )


def _overlap(a: Box, b: Box) -> float:
    """Of the heights of two boxes: what both have, of what either has."""
    both = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, both) / (max(a.bottom, b.bottom) - min(a.top, b.top))


def _bare(text: str | None) -> str | None:
    """A text as it is compared: without blanks, with a point for a decimal comma."""
    return None if text is None else "".join(text.split()).replace(",", ".")
