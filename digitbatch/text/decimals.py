"""How many digits of a number stand behind its decimal point or comma."""

from collections.abc import Sequence

from digitbatch.page.points import DECIMAL, is_speck, mark_kind
from digitbatch.page.segments import Segment
from digitbatch.text.decode import Hypothesis


def decimal_places(
    reading: Hypothesis, points: Sequence[Segment], digit_height_px: float
) -> int | None:
    """How many digits stand behind the point or comma of a number.

    Returns:
        None where there is no point between digits, or more than one: 1.234,5 is for a person.
    """
    written = [place.segment for place in reading.places]
    marks = [
        segment
        for segment in (*(left.segment for left in reading.left_over), *points)
        if not is_speck(segment, digit_height_px)
        and mark_kind(segment, written, digit_height_px) in DECIMAL
    ]
    if len(marks) != 1:
        return None
    behind = sum(segment.center_x > marks[0].center_x for segment in written)
    return behind if 0 < behind < len(written) else None
