"""Ink told by how letters stand and how specks crowd; it knows pen, print and paper, no rules.

To the search over cuts a printed word is digits that touch, and hopeless ones: every way is tried,
and what comes out is for review. So lines that stand as letters do (`type_lines`) are shown to the
network for single digits, a few letters of each, and where most are no digits, the line is words.
Then shorter runs of the same size of type are, and numbers set among them (`letters`). Ink that
does not stand as letters do, a number by hand behind its label, is kept. Where specks stand thick
on blank paper, a speck beside a digit is one of them and no segment of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting, connected_components
from digitbatch.page.ink_classes.classifier import Among, InkEvidence
from digitbatch.page.ink_classes.letters import (
    LETTERS,
    Ask,
    Shares,
    WordLine,
    are_letters,
    box_around,
    may_be_number,
    more_words,
    parted,
    said_of,
)
from digitbatch.page.ink_classes.type_lines import (
    TYPE,
    TypeSize,
    ends,
    is_narrow,
    levelled,
    on_levels,
    runs,
    straight_parts,
)
from digitbatch.stages.base import Sheet
from digitbatch.stages.scale import typical_height_px
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class WordTuning:
    """Which lines are words. "Of x" is in heights of an x."""

    many: int = 8  # lines of one size: print, whatever one of them looks like; of all ...
    asked_together: int = 250  # ... so many letters are shown to the network
    line: Shares = (0.4, 0.3)  # of a line that is by itself: digits that touch are none, either
    enough: int = 20  # letters of all lines together
    stands: float = 0.6  # share of a word's letters that stand as letters do
    above_of_x: float = 0.4  # how far above and below words their points may lie
    mark_of_x: float = 1.5  # how wide such a point or accent is at the most
    behind_of_x: float = 0.5  # how far behind words it may stand
    highest_of_capital: float = 1.2  # print is so high at most,
    higher_of_capital: float = 1.6  # and ink so high is read apart from it
    near_of_height: float = 0.35  # of such ink: what is nearer may be a segment of it


WORDS: Final = WordTuning()


def find_words(mask: Image, outside: Among, ask: Ask) -> InkEvidence:
    """The printed words of a sheet.

    `mask`: (H, W) uint8, ink 255 on 0. `ask`: The network; it is asked twice at most, and only if a
    line may be words.
    """
    components = connected_components(mask)
    of = outside(components)
    is_word = np.zeros(len(components), np.bool_)
    found = runs(components, of, mask.shape[0])
    parts = [
        (number, part)
        for number, run in enumerate(found)
        if len(run) >= TYPE.fewest
        for part in straight_parts(run)
    ]
    lines = [
        (number, line)
        for (number, _), line in zip(
            parts, levelled(components, [part for _, part in parts]), strict=True
        )
    ]
    known = _known(
        [WordLine(line, line.size, number) for number, line in lines if line.size], components, ask
    )
    if not known:
        return InkEvidence.with_print(components, is_word)
    boxes: list[Box] = []
    for each in known:
        words = _standing(components, each)
        if len(words):
            is_word[words] = True
            boxes.append(box_around(components, words))
    boxes += more_words(components, found, lines, known, is_word, ask)
    size = _usual(known)
    for box in boxes:
        is_word |= of & _marks(components, box, size)
    return InkEvidence.with_print(components, is_word, tuple(boxes), size.capital_px)


def _known(like_type: Sequence[WordLine], components: Components, ask: Ask) -> list[WordLine]:
    """Those of some lines that stand as letters do which are words.

    One line may do so by chance. Many of one size do not: a few letters of each are enough then,
    and they are judged together, for some typefaces look like digits to the network.
    """
    if not like_type:
        return []
    sizes = np.array([each.size for each in like_type])
    off = np.array([each.line.base.off_px for each in like_type])
    alike = (np.abs(sizes[:, None] - sizes[None]) <= off[:, None, None]).all(axis=2)
    is_many = alike.sum(axis=1) >= WORDS.many
    enough = np.clip(WORDS.asked_together // alike.sum(axis=1), 1, LETTERS.asked)
    asked = np.where(is_many, enough, LETTERS.asked)
    said = said_of(components, [each.line.members for each in like_type], asked, ask)
    found = []
    for number, (each, own) in enumerate(zip(like_type, said, strict=True)):
        if is_many[number]:
            others = [said[other] for other in np.flatnonzero(alike[number])]
            are_words = are_letters(np.concatenate(others), LETTERS.page)
        else:
            members = each.line.members
            is_long = len(members) >= LETTERS.long and is_narrow(components, members, each.size)
            are_words = is_long and are_letters(own, WORDS.line)
        if are_words:
            found.append(each)
    return found if sum(len(each.line.members) for each in found) >= WORDS.enough else []


def _usual(known: Sequence[WordLine]) -> TypeSize:
    return sorted((each.size for each in known), key=lambda size: size.x_height_px)[len(known) // 2]


def _standing(components: Components, known: WordLine) -> NDArray[np.int64]:
    """The letters of a line, without words that do not stand as its letters do."""
    line, size = known.line, known.size
    kept = []
    for word in parted(components, line.members, size):
        foot, head = ends(components, word, line.base)
        sticks_out = (head > size.capital_px + LETTERS.out_of_x * size.x_height_px) | (
            foot > LETTERS.below_of_x * size.x_height_px
        )
        stands = on_levels(components, word, line.base, size).mean() >= WORDS.stands
        few = len(word) < LETTERS.some and not sticks_out.any()
        if (few or stands) and not may_be_number(foot, head, size, line.base):
            kept.append(word)
    return line.members[:0] if not kept else np.concatenate(kept)


def _marks(components: Components, box: Box, size: TypeSize) -> NDArray[np.bool_]:
    """(count,) the points, commas and accents among some words."""
    x, y = components.center_x, components.center_y
    unit = size.x_height_px
    small = (components.height < LETTERS.below_of_x * unit) & (
        components.width < WORDS.mark_of_x * unit
    )
    across = (x > box.left) & (x < box.right + WORDS.behind_of_x * unit)
    return np.asarray(
        small
        & across
        & (y > box.top - WORDS.above_of_x * unit)
        & (y < box.bottom + WORDS.above_of_x * unit),
        np.bool_,
    )


def by_height(words: InkEvidence, of: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Ink as high as a page's printed words, and that which is higher; all of it where none is.

    Numbers are printed, too: where many are, they would say how high the page's digits are.

    `of`: (count,) components that are no words.
    """
    if not words.lines:
        return [of]
    components = words.components
    is_low = of & (components.height <= WORDS.highest_of_capital * words.capital_px)
    is_high = np.flatnonzero(of & ~is_low)
    low = is_low.copy()
    low[is_low] = ~_near(components, np.flatnonzero(is_low), is_high)
    for run in runs(components, of, components.mask.shape[0]):
        if len(run) >= LETTERS.some:
            low[run] = (
                np.median(components.height[run]) <= WORDS.highest_of_capital * words.capital_px
            )
    high = of & ~low
    size = typical_height_px(components.width[high], components.height[high])
    if size is None or size < WORDS.higher_of_capital * words.capital_px:
        return [of]
    return [low, high]


def _near(
    components: Components, some: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(count,) which of some components lie so close to others that they may be parts of them."""
    left, top = components.left, components.top
    right, bottom = left + components.width, top + components.height
    near = WORDS.near_of_height * components.height[others]
    apart = np.maximum(left[some, None] - right[others], left[others] - right[some, None])
    over = np.maximum(top[some, None] - bottom[others], top[others] - bottom[some, None])
    return np.asarray(((apart < near) & (over < near)).any(axis=1), np.bool_)


@dataclass(frozen=True, slots=True)
class NoiseTuning:
    """When specks are noise. "Of digit" is in heights of the page's digits."""

    small_of_digit: float = 0.35  # larger ink is no speck
    near_of_digit: float = 0.3  # ink this close to a digit may be a segment of it
    around_of_digit: int = 5  # side of the square in which specks are counted
    crowd: int = 24  # specks in that square, away from digits; dust and a fax have fewer
    usual_percentile: int = 90  # of the sizes of a crowd's specks
    larger: float = 2.0  # times as large as that a segment of a digit must be
    steps_of_digit: int = 8  # into which a digit's height is parted to see what is close to it


NOISE: Final = NoiseTuning()


def noise(
    components: Components, sorting: Sorting, page_shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """(count,) which components are specks of a crowd.

    `page_shape`: (height, width) of the sheet in pixels.
    """
    size = sorting.digit_height_px
    lost = np.zeros(len(components), np.bool_)
    longer = np.maximum(components.width, components.height)
    small = np.flatnonzero(longer <= NOISE.small_of_digit * size)
    if len(small) <= NOISE.crowd or not len(sorting.fragments):
        return lost
    # A bin is a digit high: finer would only cost time.
    rows, columns = (int(side // size) + 1 for side in page_shape[:2])
    row = np.minimum((components.center_y / size).astype(np.int64), rows - 1)
    column = np.minimum((components.center_x / size).astype(np.int64), columns - 1)
    beside = _beside_digits(components, sorting, small, page_shape)
    away = small[~beside]
    counts = np.zeros((rows, columns), np.float32)
    np.add.at(counts, (row[away], column[away]), 1.0)
    square = NOISE.around_of_digit, NOISE.around_of_digit
    around = cv2.boxFilter(counts, -1, square, normalize=False, borderType=cv2.BORDER_CONSTANT)
    crowded = np.asarray(around)[row, column] > NOISE.crowd
    specks = away[crowded[away]]
    if not len(specks):
        return lost
    least = NOISE.larger * float(np.percentile(longer[specks], NOISE.usual_percentile))
    lost[specks] = True
    lost[small[beside]] = crowded[small[beside]] & (longer[small[beside]] < least)
    return lost


def _beside_digits(
    components: Components, sorting: Sorting, small: NDArray[np.int64], page_shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Which specks lie on a digit's box, or close to it."""
    step = max(1.0, sorting.digit_height_px / NOISE.steps_of_digit)
    shape = tuple(int(side // step) + 1 for side in page_shape[:2])
    near = np.zeros(shape, np.uint8)
    beyond = NOISE.near_of_digit * sorting.digit_height_px
    for index in sorting.digits.tolist():
        box = components.box(index)
        top, left = (max(0, int((side - beyond) // step)) for side in (box.top, box.left))
        bottom, right = (int((side + beyond) // step) + 1 for side in (box.bottom, box.right))
        near[top:bottom, left:right] = 1
    y = np.minimum((components.center_y[small] / step).astype(np.int64), shape[0] - 1)
    x = np.minimum((components.center_x[small] / step).astype(np.int64), shape[1] - 1)
    return np.asarray(near[y, x] > 0, np.bool_)


@dataclass(frozen=True, slots=True)
class HeuristicInk:
    """The `InkClassifier` that learned nothing but what a digit is."""

    ask: Ask | None  # the network for single digits; None: no print is looked for

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """Which components are printed words; all else is the pen's."""
        if self.ask is None:
            components = connected_components(sheet.pixels)
            return InkEvidence.with_print(components, np.zeros(len(components), np.bool_))
        return find_words(sheet.pixels, among, self.ask)

    def specks(
        self,
        evidence: InkEvidence,  # noqa: ARG002 - which says nothing of specks
        components: Components,
        sorting: Sorting,
    ) -> NDArray[np.bool_]:
        """Those that stand in crowds."""
        return noise(components, sorting, components.mask.shape)
