"""Lines of printed letters, told by how they stand: feet on one line, heads on two levels.

The letters of a typeface end at few levels: nearly all stand on the baseline, and are as high as
an x or as a capital; the tails of g, p, q and y reach as far below it as each other. Digits, by
hand or in print, have one height, and digits by hand stand on no line so exactly. That is cheap to
see on the boxes of connected ink, before anything is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components


@dataclass(frozen=True, slots=True)
class TypeTuning:
    """How letters stand. "Of x" is in heights of an x; shares are of a line's letters."""

    lowest_px: int = 6  # letters lower than this show no levels
    highest_of_page: float = 0.06  # of its height: higher ink is no line of letters
    widest_of_height: float = 8.0  # wider ink is no letter, nor letters that touch
    next_of_higher: float = 1.3  # neighbour's height: how far the next letter of a line may be
    beside_of_lower: float = 0.5  # neighbour's height, which the two share
    highest_of_lower: float = 2.2  # neighbour's height: a capital beside an x
    at_once: int = 64  # components that are linked
    window: int = 24  # letters that are fitted at once: longer lines may bend
    fewest: int = 6  # letters: fewer show no levels
    steepest_deg: float = 3.0  # of a baseline
    slopes: int = 25  # that are tried
    off_px: float = 1.0  # pixels are whole: what that adds to ...
    off_of_height: float = 0.04  # ... how far from its level a letter may end
    lowest_capital_of_x: float = 1.2  # so high is a capital, or a b, at least
    highest_capital_of_x: float = 1.75  # and at the most
    shortest_tail_of_x: float = 0.12  # so far reaches a tail below the baseline at least
    longest_tail_of_x: float = 0.6  # and at the most
    on_level: float = 0.7  # share that begins and ends on levels
    on_base: float = 0.55  # share that stands on the baseline
    widest_of_capital: float = 1.2  # wider is more than one letter
    wide: float = 0.2  # share that may be
    second: float = 0.1  # share of the rarer of the two heights
    least_second: int = 2  # letters of it


TYPE: Final = TypeTuning()


@dataclass(frozen=True, slots=True)
class BaseLine:
    """Where letters stand: y = start_px + slope x, in pixels of the sheet."""

    start_px: float
    slope: float
    off_px: float  # how far from its level a letter may begin or end

    def at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Its height on the sheet, (count,)."""
        return self.start_px + self.slope * x


class TypeSize(NamedTuple):
    """How high letters are."""

    x_height_px: float
    capital_px: float


@dataclass(frozen=True, slots=True)
class TypeLine:
    """Some components side by side: the line on which most stand, and their size if it has two."""

    members: NDArray[np.int64]  # from left to right
    base: BaseLine
    size: TypeSize | None  # None: they do not stand as letters do


def straight_parts(run: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """A run of components in parts that are short enough to be straight."""
    return np.array_split(run, -(-len(run) // TYPE.window))


def levelled(components: Components, parts: Sequence[NDArray[np.int64]]) -> list[TypeLine]:
    """How some components stand that lie side by side; those that are few have no size."""
    if not parts:
        return []
    bases = _bases(components, parts)
    return [
        TypeLine(part, base, _size(components, part, base) if len(part) >= TYPE.fewest else None)
        for part, base in zip(parts, bases, strict=True)
    ]


def runs(
    components: Components, of: NDArray[np.bool_], page_height_px: int
) -> list[NDArray[np.int64]]:
    """Components side by side, from left to right; those without a neighbour are runs of one."""
    height = components.height
    some = of & (height >= TYPE.lowest_px) & (height <= TYPE.highest_of_page * page_height_px)
    some &= components.width <= TYPE.widest_of_height * height
    chosen = np.flatnonzero(some)
    chosen = chosen[np.argsort(components.center_y[chosen], kind="stable")]
    after = _next(components, chosen)
    before: dict[int, int] = {}
    right = components.left + components.width
    for one, other in after.items():  # of several that go on in one, the nearest does
        had = before.get(other)
        if had is None or right[one] > right[had]:
            before[other] = one
    follows = {one: other for other, one in before.items()}
    found = []
    for index in chosen.tolist():
        if index in before:
            continue
        run = [index]
        while run[-1] in follows:
            run.append(follows[run[-1]])
        found.append(np.array(run, np.int64))
    return found


def _next(components: Components, chosen: NDArray[np.int64]) -> dict[int, int]:
    """Of each component, sorted from the top down, the next on its right, where there is one."""
    if not len(chosen):
        return {}
    left, top = components.left[chosen], components.top[chosen]
    height = components.height[chosen]
    right, foot = left + components.width[chosen], top + height
    middle = components.center_y[chosen]
    found: dict[int, int] = {}
    for start in range(0, len(chosen), TYPE.at_once):
        own = slice(start, start + TYPE.at_once)
        reach = float(height[own].max()) * TYPE.highest_of_lower
        first, last = np.searchsorted(
            middle, (middle[own][0] - reach, middle[own][-1] + reach)
        ).tolist()
        near = slice(first, last)
        high = np.maximum(height[own, None], height[None, near])
        low = np.minimum(height[own, None], height[None, near])
        shared = np.minimum(foot[own, None], foot[None, near])
        shared = shared - np.maximum(top[own, None], top[None, near])
        gap = left[None, near] - right[own, None]
        further = 2 * left[None, near] > left[own, None] + right[own, None]
        fits = further & (gap < TYPE.next_of_higher * high) & (shared > TYPE.beside_of_lower * low)
        fits &= high <= TYPE.highest_of_lower * low
        far = np.where(fits, left[None, near], np.iinfo(np.int64).max)
        best = far.argmin(axis=1)
        has = fits.any(axis=1)
        ones, others = chosen[own][has], chosen[near][best[has]]
        found.update(zip(ones.tolist(), others.tolist(), strict=True))
    return found


def _bases(components: Components, parts: Sequence[NDArray[np.int64]]) -> list[BaseLine]:
    """Of each part the line on which most feet stand."""
    size = max(len(part) for part in parts)
    x = np.zeros((len(parts), size))
    feet = np.full((len(parts), size), np.nan)
    off = np.zeros(len(parts))
    for number, part in enumerate(parts):
        x[number, : len(part)] = components.left[part] + components.width[part] / 2
        feet[number, : len(part)] = components.top[part] + components.height[part]
        off[number] = TYPE.off_px + TYPE.off_of_height * float(np.median(components.height[part]))
    slopes = np.tan(np.deg2rad(np.linspace(-TYPE.steepest_deg, TYPE.steepest_deg, TYPE.slopes)))
    levels = feet[:, None] - slopes[None, :, None] * x[:, None]  # (parts, slopes, letters)
    ahead = levels[..., None, :] - levels[..., :, None]
    within = (ahead >= 0) & (ahead <= 2 * off[:, None, None, None])
    counts = within.sum(axis=-1)  # of each letter's level, how many lie up to so much below
    level = TYPE.slopes // 2
    found = []
    for number, own in enumerate(counts):
        slope, letter = divmod(int(own.argmax()), size)
        if own[level].max() == own.max():
            slope, letter = level, int(own[level].argmax())
        on = within[number, slope, letter]
        along, foot = x[number, on], feet[number, on]
        steep = float(slopes[slope])
        if on.sum() >= TYPE.fewest // 2 and len(parts[number]) >= TYPE.fewest:
            away = along - along.mean()
            steep = float(away @ foot / max(float(away @ away), 1.0))
        start = float(np.median(foot - steep * along))
        found.append(BaseLine(start, steep, float(off[number])))
    return found


def _size(components: Components, part: NDArray[np.int64], base: BaseLine) -> TypeSize | None:
    """The size of letters; None where they do not stand as letters do."""
    foot, head = ends(components, part, base)
    on_base = np.abs(foot) <= base.off_px
    if on_base.sum() < max(TYPE.fewest // 2, TYPE.on_base * len(part)):
        return None
    size = _two_levels(head[on_base], base.off_px)
    if size is None or on_levels(components, part, base, size).mean() < TYPE.on_level:
        return None
    return size


def is_narrow(components: Components, part: NDArray[np.int64], size: TypeSize) -> bool:
    """Whether nearly all letters are as narrow as letters are; digits that touch are wider."""
    wide = components.width[part] > TYPE.widest_of_capital * size.capital_px
    return bool(wide.mean() <= TYPE.wide)


def ends(
    components: Components, part: NDArray[np.int64], base: BaseLine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far letters end below their baseline and begin above it, (count,) pixels each."""
    top = components.top[part]
    line = base.at(components.left[part] + components.width[part] / 2)
    return top + components.height[part] - line, line - top


def on_levels(
    components: Components, part: NDArray[np.int64], base: BaseLine, size: TypeSize
) -> NDArray[np.bool_]:
    """(count,) which letters begin and end where letters of a size do."""
    foot, head = ends(components, part, base)
    tails = TYPE.shortest_tail_of_x, TYPE.longest_tail_of_x
    low, high = (share * size.x_height_px for share in tails)
    off = base.off_px
    footed = (np.abs(foot) <= off) | ((foot >= low) & (foot <= high))
    headed = (np.abs(head - size.x_height_px) <= off) | (np.abs(head - size.capital_px) <= off)
    return np.asarray(footed & headed, np.bool_)


def _two_levels(heads: NDArray[np.float64], off: float) -> TypeSize | None:
    """The heights of an x and of a capital; None where heads do not stand on two levels."""
    near = np.abs(heads[:, None] - heads[None]) <= off
    counts = near.sum(axis=1)
    first = float(np.median(heads[near[int(counts.argmax())]]))
    ratio = heads / max(first, 1.0)
    low, high = TYPE.lowest_capital_of_x, TYPE.highest_capital_of_x
    above, below = (ratio >= low) & (ratio <= high), (ratio >= 1 / high) & (ratio <= 1 / low)
    counts = np.where(above | below, counts, 0)
    at = int(counts.argmax())
    if counts[at] < max(TYPE.least_second, TYPE.second * len(heads)):
        return None
    second = float(np.median(heads[near[at]]))
    return TypeSize(min(first, second), max(first, second))
