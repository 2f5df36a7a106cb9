"""The order in which people read the lines of a form: level by level."""

from typing import Final

from digitbatch.page.regions import Region

_ON_LEVEL: Final = 0.6  # digit heights: lines so near to each other stand side by side


def in_reading_order(lines: list[tuple[float, Region]]) -> list[tuple[float, Region]]:
    """From the top down, and from left to right what stands on one level.

    `lines`: Each with the height of its middle on the sheet, pixels.
    """
    found: list[tuple[float, Region]] = []
    level: list[tuple[float, Region]] = []
    for middle, line in sorted(lines, key=lambda entry: entry[0]):
        if level and middle - level[0][0] > _ON_LEVEL * line.digit_height_px:
            found += sorted(level, key=_left)
            level = []
        level.append((middle, line))
    return found + sorted(level, key=_left)


def _left(entry: tuple[float, Region]) -> int:
    """Where a line begins; one of nothing but points begins, too."""
    return min(ink.box.left for ink in (*entry[1].segments, *entry[1].points))
