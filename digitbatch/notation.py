"""How numbers and dates are written down: marks that part their digits, orders of a date.

Pure: strings of digits and places between them are judged, and nothing is known of ink.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, Literal

DateOrder = Literal["dmy", "mdy", "ymd"]
"""What stands first, second and third in a date: d the day, m the month, y the year."""

Decimals = Literal["ignore", "keep", 0, 1, 2]
"""What becomes of a number's marks: see `config.zones.Zone.decimals`."""

WrittenSign = Literal["minus", "currency", "strokes"]
"""Signs beside the digits of a number that a configuration allows."""

_FIRST_OF_1900S: Final = 69  # a year of two digits from here on: as POSIX and strptime have it
_THOUSANDS: Final = 3  # digits behind the last mark that parts thousands
_GROUPS: Final = ({2}, {3})  # and between two of them: 25,00,000 or 2,500,000


def year_of(written: str) -> int:
    """The year that two digits or four say: 69 to 99 are of the 1900s, 00 to 68 of the 2000s."""
    year = int(written)
    if len(written) == 4:
        return year
    return year + (1900 if year >= _FIRST_OF_1900S else 2000)


def as_date(order: DateOrder, groups: Sequence[str]) -> date | None:
    """The date that groups of digits say; None where they say none, or one that is impossible.

    `groups`: day, month and year in their order; or all six or eight digits as one group.
    """
    if len(groups) == 1:
        groups = list(_parted(order, groups[0]))
    if len(groups) != len(order) or not are_lengths(order, [len(group) for group in groups]):
        return None
    named = dict(zip(order, groups, strict=True))
    try:
        return date(year_of(named["y"]), int(named["m"]), int(named["d"]))
    except ValueError:
        return None


def are_lengths(order: DateOrder, lengths: Sequence[int]) -> bool:
    """Whether the groups of a date may have so many digits each."""
    allowed = {"d": (1, 2), "m": (1, 2), "y": (2, 4)}
    return len(lengths) == len(order) and all(
        length in allowed[what] for what, length in zip(order, lengths, strict=True)
    )


def _parted(order: DateOrder, digits: str) -> Iterator[str]:
    """The groups of a date without signs: of eight digits, or of six with a year of two."""
    if len(digits) not in (6, 8):
        return
    at = 0
    for what in order:
        length = len(digits) - 4 if what == "y" else 2
        yield digits[at : at + length]
        at += length


def digits_behind(count: int, marks: Sequence[int], decimals: int) -> int | None:
    """How many digits of a number stand behind its decimal point; None where its marks say none.

    Points and commas are not told apart, but by their places: behind the last one stand as many
    digits as there are `decimals`, or three, and then it parts thousands as all before it do.

    Args:
        count: Digits of the number.
        marks: How many digits stand before each mark, from left to right.
        decimals: How many there are where any are written: 0 to 2.
    """
    if not marks:
        return 0
    behind = count - marks[-1]
    if decimals and behind == decimals:
        thousands, end, found = marks[:-1], marks[-1], decimals
    elif behind == _THOUSANDS:
        thousands, end, found = marks, count, 0
    else:
        return None
    if not thousands:
        return found if end > 0 else None
    groups = {after - before for before, after in pairwise(thousands)}
    is_parted = (
        1 <= thousands[0] <= _THOUSANDS
        and end - thousands[-1] == _THOUSANDS
        and (not groups or groups in _GROUPS)
    )
    return found if is_parted else None
