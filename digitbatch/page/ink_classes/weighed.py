"""Ink told by all that speaks for pen or print: how it stands, the network's map, hue, neighbours.

The map knows type and lines by their looks, but takes a printed number for one by hand where no
label is near. Hue knows a pen of another colour than the print's, whatever it writes. Both are
weighed as log odds, and what stands side by side in one size is of one kind. Where the map sees no
print on a page, nothing is taken from it.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.hue import hues_of
from digitbatch.page.connected_components import Components, Sorting
from digitbatch.page.ink_classes.classifier import Among, InkClass, InkEvidence
from digitbatch.page.ink_classes.heuristic import HeuristicInk
from digitbatch.page.ink_classes.learned import component_shares
from digitbatch.page.ink_classes.letters import box_around
from digitbatch.page.ink_classes.type_lines import runs
from digitbatch.stages.base import Sheet
from digitbatch.types import INK_CLASSES, Affine, Box, Image, InkMap


@dataclass(frozen=True, slots=True)
class Weights:
    """What speaks how much for print; log odds, positive for print. Set on real forms."""

    least_share: float = 0.01  # of a class: the map is never surer than this
    sure: float = 2.0  # by the map alone, to know the print's hue and whether a page has print,
    fewest: int = 12  # components of it
    side_by_side: float = 0.8  # of the higher one's height: so near are neighbours,
    one_size: float = 1.7  # and so different in height at most
    neighbour: float = 0.6  # as much as its own counts what is known of a neighbour
    clear_px: int = 20  # of a component whose hue is known,
    faintest: float = 0.12  # of the paper's light: a pixel that takes less has none
    apart: float = 0.08  # hues of two inks are so far apart at least,
    spread: float = 3.0  # and so many times as far as most of the print is from its middle
    most_percentile: int = 75
    wall: float = 0.25  # of its height: narrower print may be a box's wall, and parts no line
    capitals: int = 75  # percentile of the heights of printed letters: that of capitals
    of_print: float = 0.3  # of the way from the print's hue to the pen's: up to here it is print
    of_pen: float = 0.5  # and from here on another ink
    by_pen: float = -1.0  # by the map: may be a pen's, to see which hues pens have here
    fewest_colored: int = 6  # components by a pen of its own hue
    may_be_pen: float = 2.0  # by the map: ink that is left out for print, and may be the pen's
    of_both: float = 0.4  # of a digit's ink is of each hue in a component: print and pen that touch
    many: float = 0.4  # times as much of the pen's ink has another hue as has the print's: then
    one_pen: float = 4.0  # so much say the print's hue for print and another against it,
    of_two: float = 1.0  # and where less has, so much


WEIGHTS: Final = Weights()
_PEN: Final = tuple(INK_CLASSES.index(name) for name in ("digit", "handwriting"))
_PRINT: Final = INK_CLASSES.index("print")
_RULE: Final = INK_CLASSES.index("rule")
_LEAST: Final = 0.01  # log odds of what is taken for one and might as well be the other


@dataclass(frozen=True, slots=True)
class WeighedInk:
    """The `InkClassifier` that weighs all evidence."""

    words: HeuristicInk  # what stands as type does
    ink_map: InkMap = field(repr=False)
    to_page: Affine = field(repr=False)  # from the sheet's pixels to those the map was made of
    rgb: Image | None = field(default=None, repr=False)  # (H, W, 3) uint8 the page on the sheet

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """What each component is; those that are not looked at are the pen's."""
        evidence = self.words.classify(sheet, among)
        components = evidence.components
        of = among(components)
        shares = component_shares(self.ink_map, self.to_page, components)
        odds = _odds(shares)
        is_rule = shares[:, _RULE] > shares[:, _PRINT]
        sure = of & (odds > WEIGHTS.sure) & ~is_rule
        if np.count_nonzero(sure | evidence.is_print) < WEIGHTS.fewest:
            return evidence
        found = runs(components, of, components.mask.shape[0])
        links = _links(components, found)
        no = np.zeros(len(components), np.bool_)
        hue = _HueSaid(np.zeros(len(components)), no, no)
        if self.rgb is not None:
            hue = _said_by_hue(self.rgb, components, links, odds, sure | evidence.is_print)
        total, is_colored = _averaged(odds, links) + hue.odds, hue.is_colored
        is_print = of & ((total > 0) | (evidence.is_print & ~is_colored))
        is_word, boxes = _words(components, found, is_print & ~is_rule)
        capital_px = evidence.capital_px
        if boxes and not capital_px:
            capital_px = float(np.percentile(components.height[is_word], WEIGHTS.capitals))
        is_label = (hue.odds == WEIGHTS.one_pen) & ~is_rule
        is_label &= components.width > WEIGHTS.wall * components.height
        is_label |= evidence.is_print | (is_word & (total > WEIGHTS.sure))
        may_be_pen = (odds < WEIGHTS.may_be_pen) & (hue.odds < WEIGHTS.one_pen)
        may_be_pen |= hue.is_both | (odds < WEIGHTS.by_pen) | _beside(~is_print & of, links)
        may_be_pen &= is_print & ~evidence.is_print
        return replace(
            evidence,
            posterior=_posterior(
                np.where(is_print, np.maximum(total, _LEAST), -_LEAST), is_rule, of
            ),
            lines=(*evidence.lines, *boxes),
            capital_px=capital_px,
            is_colored=is_colored,
            is_label=is_label & is_print,
            doubtful=tuple(components.box(at) for at in np.flatnonzero(may_be_pen).tolist()),
        )

    def specks(
        self, evidence: InkEvidence, components: Components, sorting: Sorting
    ) -> NDArray[np.bool_]:
        """Those that stand in crowds."""
        return self.words.specks(evidence, components, sorting)


def _odds(shares: NDArray[np.float32]) -> NDArray[np.float64]:
    """(count,) how much likelier print than pen is, by the map: log odds."""
    printed = shares[:, (_PRINT, _RULE)].sum(axis=1) + WEIGHTS.least_share
    return np.asarray(np.log(printed / (shares[:, _PEN].sum(axis=1) + WEIGHTS.least_share)))


def _links(components: Components, found: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """(count, 2): pairs of components that stand side by side in one size."""
    pairs = np.array([pair for run in found for pair in pairwise(run.tolist())], np.int64)
    if not len(pairs):
        return np.zeros((0, 2), np.int64)
    first, second = pairs.T
    heights = components.height[pairs]
    gap = components.left[second] - components.left[first] - components.width[first]
    near = gap < WEIGHTS.side_by_side * heights.max(axis=1)
    alike = heights.max(axis=1) < WEIGHTS.one_size * heights.min(axis=1)
    return np.asarray(pairs[near & alike], np.int64)


def _beside(which: NDArray[np.bool_], links: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(count,) which components have a neighbour among some."""
    found = np.zeros(len(which), np.bool_)
    for one, other in (links.T, links.T[::-1]):
        found[one[which[other]]] = True
    return found


def _averaged(values: NDArray[np.float64], links: NDArray[np.int64]) -> NDArray[np.float64]:
    """(count,) each value with a part of each of its neighbours'; NaN says nothing."""
    known = ~np.isnan(values)
    total, weight = np.where(known, values, 0.0), known.astype(np.float64)
    own, says = total.copy(), weight.copy()
    for one, other in (links.T, links.T[::-1]):
        np.add.at(total, one, WEIGHTS.neighbour * own[other])
        np.add.at(weight, one, WEIGHTS.neighbour * says[other])
    mean = np.divide(total, weight, out=np.full(len(values), np.nan), where=weight > 0)
    return np.asarray(mean, np.float64)


@dataclass(frozen=True, slots=True)
class _HueSaid:
    """What hue says of components, (count,) each."""

    odds: NDArray[np.float64]  # for print
    is_colored: NDArray[np.bool_]  # a pen's, of another hue than the print's
    is_both: NDArray[np.bool_]  # print and pen that touch


def _said_by_hue(
    rgb: Image,
    components: Components,
    links: NDArray[np.int64],
    odds: NDArray[np.float64],
    is_print: NDArray[np.bool_],
) -> _HueSaid:
    """What hue says.

    `odds`: What the map says. `is_print`: What surely is.
    """
    count = len(components)
    no = np.zeros(count, np.bool_)
    nothing = _HueSaid(np.zeros(count), no, no)
    at = components.labels > 0
    hues, strength = hues_of(rgb, at)
    is_clear = strength > WEIGHTS.faintest
    own = components.labels[at][is_clear] - 1
    clear = np.bincount(own, minlength=count)
    hue = np.stack(
        [np.bincount(own, hues[is_clear, side], count) / np.maximum(clear, 1) for side in (0, 1)],
        axis=1,
    )
    is_known = clear >= WEIGHTS.clear_px
    of_print = hue[is_print & is_known]
    if len(of_print) < WEIGHTS.fewest:
        return nothing
    middle = np.median(of_print, axis=0)
    off = np.linalg.norm(hue - middle, axis=1)
    spread = float(np.percentile(off[is_print & is_known], WEIGHTS.most_percentile))
    apart = max(WEIGHTS.apart, WEIGHTS.spread * spread)
    by_pen = (odds < WEIGHTS.by_pen) & is_known
    is_far = by_pen & (off > apart)
    if np.count_nonzero(is_far) < WEIGHTS.fewest_colored:
        return nothing
    to_pen = max(apart, float(np.linalg.norm(np.median(hue[is_far], axis=0) - middle)))
    way = _averaged(np.where(is_known, off / to_pen, np.nan), links)
    is_colored = np.nan_to_num(way) > WEIGHTS.of_pen
    is_same = np.nan_to_num(way, nan=np.inf) < WEIGHTS.of_print
    colored, same = (np.count_nonzero(by_pen & one) for one in (is_colored, is_same))
    if colored < WEIGHTS.many * same:  # two pens, or paper that is stained
        said = np.where(is_colored, -WEIGHTS.of_two, np.where(is_same, WEIGHTS.of_two, 0.0))
        return _HueSaid(said, no, no)
    said = np.where(is_colored, -WEIGHTS.one_pen, np.where(is_same, WEIGHTS.one_pen, 0.0))
    ways = np.linalg.norm(hues[is_clear] - middle, axis=1) / to_pen
    parts = [
        np.bincount(own, part, count) for part in (ways > WEIGHTS.of_pen, ways < WEIGHTS.of_print)
    ]
    digit_px = float(np.median(clear[is_colored & by_pen]))
    is_both = np.minimum(*parts) > WEIGHTS.of_both * digit_px
    return _HueSaid(said, np.asarray(is_colored, np.bool_), np.asarray(is_both, np.bool_))


def _words(
    components: Components, found: list[NDArray[np.int64]], is_type: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], list[Box]]:
    """Printed letters that stand side by side: (count,) which, and boxes around them."""
    is_word, boxes = np.zeros(len(components), np.bool_), []
    for run in found:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], is_type[run].astype(np.int8), [0]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first > 1:
                is_word[run[first:last]] = True
                boxes.append(box_around(components, run[first:last]))
    return is_word, boxes


def _posterior(
    odds: NDArray[np.float64], is_rule: NDArray[np.bool_], of: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(count, 4) by `InkClass`. `odds`: log odds for print. `of`: all else is the pen's."""
    posterior = np.zeros((len(odds), len(InkClass)), np.float32)
    chance = np.where(of, 1 / (1 + np.exp(-odds)), 0.0)
    posterior[:, InkClass.PEN] = 1 - chance
    posterior[:, InkClass.PRINT] = np.where(is_rule, 0, chance)
    posterior[:, InkClass.RULE] = np.where(is_rule, chance, 0)
    return posterior
