"""Where a configuration that can be loaded contradicts itself: zones that nothing can satisfy."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from digitbatch.config.model import Config
from digitbatch.config.problems import written
from digitbatch.config.zones import Asked, Place
from digitbatch.constraints import CHECKS, Check, read_values

_MOST_SHARED: Final = 0.2  # of the smaller zone: neighbours that are drawn by hand touch
_MM_PER_INCH: Final = 25.4
_CHECKED_LENGTHS: Final[dict[Check, tuple[int, ...]]] = {"ean": (8, 12, 13, 14), "isbn": (10, 13)}


def hopeless_zones(config: Config) -> list[str]:
    """Zones with rules that no number obeys: whatever is written there goes to review."""
    asked: list[tuple[str, str, Asked]] = [
        (f"fields[{number}]", zone.name, zone) for number, zone in enumerate(config.fields)
    ]
    asked += [
        (f"tables[{number}].columns[{at}]", column.name, column)
        for number, table in enumerate(config.tables)
        for at, column in enumerate(table.columns)
    ]
    return [f"{place} ({name}): {said}" for place, name, one in asked for said in _in_zone(one)]


def _in_zone(zone: Asked) -> Iterator[str]:
    if zone.digits is not None:
        digits = f"digits {written(_shortly(zone.digits))}"
        yield from (f"{digits}, but {said}" for said in _against_count(zone, *zone.digits))
    rule = zone.rule
    if rule is not None and zone.values is not None:
        listed = read_values(zone.values)
        if all(rule.broken(value) for value in listed):
            first = min(listed)
            yield (
                f"no value of {zone.values.name} obeys the other rules: {first} breaks "
                f"{rule.broken(first)}"
            )


def _against_count(zone: Asked, fewest: int, most: int) -> Iterator[str]:
    """Which rules no number of so many digits obeys."""
    if zone.pattern is not None:
        shortest, longest = _widths(zone.pattern)
        if longest < fewest or shortest > most:
            width = str(shortest) if shortest == longest else f"{shortest} to {longest}"
            yield f"pattern {zone.pattern} is of {width} digits"
    if zone.range is not None and zone.range[0] >= 10**most:
        yield f"range begins at {written(zone.range[0])}"
    if zone.check is not None:
        lengths = _CHECKED_LENGTHS.get(zone.check, (max(2, fewest),))
        if not any(fewest <= length <= most for length in lengths):
            yield f"the {CHECKS[zone.check]} needs {' or '.join(map(str, lengths))}"


def _shortly(count: tuple[int, int]) -> int | tuple[int, int]:
    return count[0] if count[0] == count[1] else count


def _widths(pattern: str) -> tuple[int, int]:
    """The least and the greatest number of characters that a regular expression matches."""
    # Nothing public knows this; the parser has said it since Python 1.5.
    least, most = re._parser.parse(pattern).getwidth()  # type: ignore[attr-defined]
    return int(least), int(most)


def overlapping_zones(config: Config) -> list[str]:
    """Zones and tables of which more than a fifth lies in another one of the same page."""
    found = []
    places: list[tuple[str, Place]] = [
        (f"fields[{number}] ({zone.name})", zone) for number, zone in enumerate(config.fields)
    ]
    places += [
        (f"tables[{number}] ({table.name})", table) for number, table in enumerate(config.tables)
    ]
    for (first, one), (second, other) in combinations(places, 2):
        on_one_page = not (one.pages and other.pages) or set(one.pages) & set(other.pages)
        if not on_one_page or (one.unit == "page") != (other.unit == "page"):
            continue  # fractions and lengths: which of them lies where, only a page says
        share = _shared(_box(one), _box(other))
        if share > _MOST_SHARED:
            found.append(
                f"{first} and {second} overlap: {share:.0%} of "
                "the smaller one lies in the other, and what is written there is read twice"
            )
    return found


def _box(zone: Place) -> tuple[float, ...]:
    """A zone's box, in millimetres or as fractions of the page."""
    scale = 1.0 if zone.dpi is None else _MM_PER_INCH / zone.dpi
    return tuple(side * scale for side in zone.box)


def _shared(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """How much of the smaller box lies in the other, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / min(areas)
