"""Text lines of connected components in reading order, also where baselines slope or wave."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting


@dataclass(frozen=True, slots=True)
class LineTuning:
    """How components are grouped into lines. "Of digit" is in heights of the page's digits."""

    # The page's slope.
    steepest_deg: int = 45  # lines rise or fall by this at the most
    prior_deg: float = 40.0  # sigma: level pages are likelier than steep ones
    vote_spread_deg: float = 6.0  # sigma of a vote
    level_deg: float = 3.0  # slopes below this are left to the lines' own course
    neighbor_of_digit: float = 4.0  # how far the next digit of a line may be that votes
    nearest_of_digit: float = 0.25  # and how near: below it stands another one
    across: float = 1.7  # times as far counts what lies across: the digit above is no neighbour
    at_once: int = 64  # components whose neighbours are looked for
    # Lines from left to right.
    off_course_of_digit: float = 0.6  # farther off, a component begins a line of its own
    last: int = 4  # digits by which a line's course is judged, so that waves are followed
    level_last: int = 2  # of them by which its level is
    least_sloping: int = 3  # digits that show a slope
    steepest: float = 0.25  # rise over run of a course: a high 1 and a low 7 make no slope
    least_of_digit: float = 0.7  # heights below this say nothing: fragments are low
    far_loss: float = 0.02  # digit heights off its course for each that a component is away
    # Lines that were broken off.
    end_digits: int = 3  # by which the end of a line is judged
    half_shared_of_digit: float = 0.8  # by so much halves of one broken digit lie over each other
    next_of_digit: float = 1.5  # to where a line may go on
    same_level_of_digit: float = 0.4  # by which it may stand higher or lower there
    whole_of_digit: float = 0.7  # from this height on a component counts as a digit
    # Halves of broken digits.
    most_halves: int = 2  # of which a line of nothing else consists
    neighbors: int = 3  # the other half of a digit, and a whole one on either side
    gap_of_digit: float = 0.6  # to the nearest of them
    half_of_tallest: float = 0.75  # of these, in height, is a half at the most
    shared: float = 0.6  # share of its height that lies within theirs
    # Print between two digits, in heights of the lower one.
    print_of_lower: float = 0.5  # so high it is at least
    print_off_of_lower: float = 0.5  # and so far off their level at most
    # Smaller components.
    beside_of_digit: float = 0.75  # so far off its neighbours' middle, a speck is in no line
    ends_of_digit: float = 2.0  # nor so far before its first digit or behind its last one,
    reach_of_digit: float = 1.2  # nor so far from any digit of it


TUNED: Final = LineTuning()


def group_lines(components: Components, sorting: Sorting) -> list[list[int]]:
    """Digits of a line, left to right; lines in reading order.

    The page's slope is voted on by each component's direction to its nearest right neighbour; along
    it, components are taken from left to right and each continues the line that it best lies on.

    `sorting`: Which of it can be digits, and their height. Returns indices into `components`, one
    list a line, none of them empty.
    """
    size = sorting.digit_height_px
    chosen = sorting.digits
    slope = page_slope(components.center_x[chosen], components.center_y[chosen], size)
    lines = _rejoined(components, _chained(components, chosen, size, slope), size)
    along = components.center_x * np.cos(slope) + components.center_y * np.sin(slope)
    across = components.center_y * np.cos(slope) - components.center_x * np.sin(slope)
    lines = [sorted(line, key=lambda index: float(along[index])) for line in lines]
    lines = _continued(components, lines, across, size)
    lines.sort(key=lambda line: float(np.mean(across[line])))
    return [sorted(line, key=lambda index: float(along[index])) for line in lines]


def divided(
    components: Components, lines: list[list[int]], is_print: NDArray[np.bool_]
) -> list[list[int]]:
    """Lines parted where print stands between: there a line was written into several fields.

    `is_print`: (count,) which components are print.
    """
    printed = np.flatnonzero(is_print)
    x, y, height = (
        side[printed] for side in (components.center_x, components.center_y, components.height)
    )
    result: list[list[int]] = []
    for line in lines:
        part = [line[0]]
        for before, index in pairwise(line):
            lower = min(components.height[before], components.height[index])
            level = (components.center_y[before] + components.center_y[index]) / 2
            is_between = (x > components.right[before]) & (x < components.left[index])
            is_between &= height > TUNED.print_of_lower * lower
            is_between &= np.abs(y - level) < TUNED.print_off_of_lower * lower
            if is_between.any():
                result.append(part)
                part = []
            part.append(index)
        result.append(part)
    return result


def _continued(
    components: Components, lines: list[list[int]], across: NDArray[np.float64], size: float
) -> list[list[int]]:
    """Put together what is one line, left off where a broken digit drew its course aside.

    A line goes on in one that begins where it ends, at the height at which it ends.
    """
    result: list[list[int]] = []
    for line in sorted(lines, key=lambda line: int(components.left[line].min())):
        start = float(components.left[line].min())
        for before in result:
            gap = (start - float(components.right[before].max())) / size
            if not -TUNED.half_shared_of_digit < gap < TUNED.next_of_digit:
                continue
            ends = before[-TUNED.end_digits :], line[: TUNED.end_digits]
            old, new = (_level(components, end, across, size) for end in ends)
            if abs(new - old) < TUNED.same_level_of_digit * size:
                before.extend(line)
                break
        else:
            result.append(list(line))
    return result


def _level(
    components: Components, end: list[int], across: NDArray[np.float64], size: float
) -> float:
    """The height at which one end of a line lies, by its whole digits if it has any."""
    whole = [
        index for index in end if components.height[index] >= TUNED.whole_of_digit * size
    ] or end
    return float(median(across[whole].tolist()))


def _rejoined(components: Components, lines: list[list[int]], size: float) -> list[list[int]]:
    """Give halves of broken digits back: half a 6 has its middle where no whole digit has it.

    A short line goes into a longer one where each of its members stands beside, and within the
    height of, clearly taller digits of it.
    """
    result: list[list[int]] = []
    for line in sorted(lines, key=lambda line: (-len(line), line)):
        longer = (other for other in result if len(other) > len(line) <= TUNED.most_halves)
        homes = (o for o in longer if all(_within(components, np.array(o), i, size) for i in line))
        home = next(homes, None)
        if home is None:
            result.append(list(line))
        else:
            home += line
    return result


def _within(components: Components, others: NDArray[np.int64], index: int, size: float) -> bool:
    left, right, bottom = components.left, components.right, components.bottom
    gap = np.maximum(left[others] - right[index], left[index] - right[others])
    nearest = others[np.argsort(gap, kind="stable")[: TUNED.neighbors]]
    if gap.min() > TUNED.gap_of_digit * size:
        return False
    own = float(components.height[index])
    if own > TUNED.half_of_tallest * float(components.height[nearest].max()):
        return False
    shared = min(bottom[index], bottom[nearest].max())
    shared -= max(components.top[index], components.top[nearest].min())
    return float(shared) > TUNED.shared * own


def _chained(
    components: Components, chosen: NDArray[np.int64], size: float, slope: float
) -> list[list[int]]:
    """Each component continues the line that it best lies on, or begins one."""
    x, y = components.center_x[chosen], components.center_y[chosen]
    along = x * np.cos(slope) + y * np.sin(slope)
    across = y * np.cos(slope) - x * np.sin(slope)
    order = np.argsort(along, kind="stable")
    courses: list[_Course] = []
    # Plain numbers: a page asks this some thousand times about four of them at a time.
    for index, at, off, height in zip(
        chosen[order].tolist(),
        along[order].tolist(),
        across[order].tolist(),
        components.height[chosen[order]].tolist(),
        strict=True,
    ):
        distances = [course.distance(at, off, height, size) for course in courses]
        nearest = min(range(len(courses)), key=distances.__getitem__, default=None)
        if nearest is None or distances[nearest] >= TUNED.off_course_of_digit:
            courses.append(_Course())
            nearest = -1
        courses[nearest].add(index, at, off, height)
    return [course.members for course in courses]


class _Course:
    """Where a line runs, judged by its last digits, so that waves are followed."""

    def __init__(self) -> None:
        self.members: list[int] = []
        self._last: list[tuple[float, float, float]] = []  # along, across, height

    def add(self, index: int, along: float, across: float, height: float) -> None:
        self.members.append(index)
        last = self._last = [*self._last, (along, across, height)][-TUNED.last :]
        count = len(last)
        # Once for each member, and not for each question: many more are asked.
        recent = last[-TUNED.level_last :]
        self._recent = sum(off for _, off, _ in recent) / len(recent)
        self._high = sum(high for _, _, high in last) / count
        self._steep: float | None = None
        if count >= TUNED.least_sloping:
            self._middle = sum(at for at, _, _ in last) / count
            self._mean = sum(off for _, off, _ in last) / count
            spread = sum((at - self._middle) ** 2 for at, _, _ in last)
            tilt = sum((at - self._middle) * (off - self._mean) for at, off, _ in last)
            steep = tilt / spread if spread else 0.0
            self._steep = min(max(steep, -TUNED.steepest), TUNED.steepest)

    def distance(self, along: float, across: float, height: float, size: float) -> float:
        """How far a component lies off, in digit heights; a little more when it is far away."""
        expected = self._recent
        if self._steep is not None:
            expected += self._mean + self._steep * (along - self._middle)
            expected /= 2
        tall = max(TUNED.least_of_digit * size, (self._high + height) / 2)
        away = along - self._last[-1][0]
        return abs(across - expected) / tall + TUNED.far_loss * away / size


def page_slope(x: NDArray[np.float64], y: NDArray[np.float64], digit_height_px: float) -> float:
    """The direction in which most neighbours lie, in radians; positive falls to the right.

    `x`: (count,) centres of the components, pixels. `y`: (count,) the same.
    """
    angles = np.deg2rad(np.arange(-TUNED.steepest_deg, TUNED.steepest_deg + 1.0))
    order = np.argsort(x, kind="stable")
    sorted_x, sorted_y = x[order], y[order]
    ends = np.searchsorted(sorted_x, sorted_x + TUNED.neighbor_of_digit * digit_height_px)
    seen = np.concatenate(
        [
            _to_neighbours(sorted_x, sorted_y, ends, slice(at, at + TUNED.at_once), digit_height_px)
            for at in range(0, len(x), TUNED.at_once)
        ]
        or [np.zeros(0)]
    )
    off = (angles[:, None] - seen[None]) / np.deg2rad(TUNED.vote_spread_deg)
    votes = np.exp(-0.5 * np.square(off)).sum(axis=1)
    votes *= np.exp(-0.5 * (angles / np.deg2rad(TUNED.prior_deg)) ** 2)
    slope = float(angles[int(votes.argmax())]) if votes.max() > 0 else 0.0
    return 0.0 if abs(slope) < np.deg2rad(TUNED.level_deg) else slope


def _to_neighbours(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    ends: NDArray[np.int64],
    which: slice,
    digit_height_px: float,
) -> NDArray[np.float64]:
    """The directions, in radians, in which some components have their nearest right neighbours.

    `x`: (count,) centres of all components, from left to right. `y`: (count,) the same. `ends`:
    (count,) up to which component each has its neighbours.
    """
    own = np.arange(len(x))[which]
    others = own[:, None] + np.arange(1, max(2, int((ends[which] - own).max())))
    inside = others < ends[which, None]
    others = np.minimum(others, len(x) - 1)
    dx, dy = x[others] - x[which, None], y[others] - y[which, None]
    far = np.hypot(dx, TUNED.across * dy)
    far[~inside | (dx <= TUNED.nearest_of_digit * digit_height_px) | (np.abs(dy) >= dx)] = np.inf
    nearest = far.argmin(axis=1)
    rows = np.flatnonzero(far[np.arange(len(own)), nearest] < np.inf)
    at = rows, nearest[rows]
    return np.asarray(np.arctan2(dy[at], dx[at]), np.float64)


def attach(
    components: Components,
    lines: list[list[int]],
    smaller: NDArray[np.int64],
    digit_height_px: float,
) -> list[list[int]]:
    """The smaller components that lie on each line, between or beside its digits.

    Returns indices into `components`, one list for each of `lines`, in no order.
    """
    size = digit_height_px
    best = np.full(len(smaller), TUNED.beside_of_digit)
    home = np.full(len(smaller), -1)
    left, right = components.left, components.right
    x, y = components.center_x[smaller], components.center_y[smaller]
    # Line by line, for a fax has tens of thousands of specks.
    for number, line in enumerate(lines):
        members = np.asarray(line)
        middles, heights = components.center_y[members], components.height[members]
        reach = TUNED.beside_of_digit * max(TUNED.least_of_digit * size, float(heights.max()))
        level = (y > middles.min() - reach) & (y < middles.max() + reach)
        ends = TUNED.ends_of_digit * size
        level &= (x > left[members].min() - ends) & (x < right[members].max() + ends)
        near_by = np.flatnonzero(level)
        if not len(near_by):
            continue
        at = x[near_by, None]
        gap = np.maximum(0, np.maximum(left[members] - at, at - right[members]))
        nearest = np.argsort(gap, axis=1, kind="stable")[:, :2]
        tall = np.maximum(TUNED.least_of_digit * size, heights[nearest].mean(axis=1))
        distance = np.abs(y[near_by] - middles[nearest].mean(axis=1)) / tall
        own = (gap.min(axis=1) <= TUNED.reach_of_digit * size) & (distance < best[near_by])
        best[near_by[own]] = distance[own]
        home[near_by[own]] = number
    return [smaller[home == number].tolist() for number in range(len(lines))]
