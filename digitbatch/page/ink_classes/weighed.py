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
    clear_px: int = 20  # of a component whose hue is known,
    faintest: float = 0.12  # of the paper's light: a pixel that takes less has none
    apart: float = 0.08  # hues of two inks are so far apart at least,
    spread: float = 2.5  # and so many times as far as most of the print is from its middle
    most_percentile: int = 95
    by_pen: float = -1.0  # by the map: may be a pen's, to see which hues pens have here
    fewest_colored: int = 6  # components by a pen of its own hue
    other_hue: float = -4.0  # what another hue than the print's says,
    same_hue: float = 4.0  # and what its own does, where most of the pen's ink has another,
    same_hue_of_two: float = 1.0  # and where less has


WEIGHTS: Final = Weights()
_PEN: Final = tuple(INK_CLASSES.index(name) for name in ("digit", "handwriting"))
_PRINTED: Final = tuple(INK_CLASSES.index(name) for name in ("print", "rule"))


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
        sure = of & (odds > WEIGHTS.sure) & (shares[:, INK_CLASSES.index("rule")] < 0.5)  # noqa: PLR2004
        if np.count_nonzero(sure | evidence.is_print) < WEIGHTS.fewest:
            return evidence
        found = runs(components, of, components.mask.shape[0])
        links = _links(components, found)
        total, is_colored = _averaged(odds, links), np.zeros(len(components), np.bool_)
        if self.rgb is not None:
            said, is_colored = _said_by_hue(
                self.rgb, components, links, odds, sure | evidence.is_print
            )
            total = total + said
        is_print = of & ((total > 0) | (evidence.is_print & ~is_colored))
        posterior = np.zeros_like(evidence.posterior)
        chance = np.where(is_print, np.maximum(1 / (1 + np.exp(-total)), 0.5 + 1e-3), 1 / (1 + np.exp(-np.minimum(total, -1e-3))))
        is_rule = is_print & (shares[:, INK_CLASSES.index("rule")] > shares[:, INK_CLASSES.index("print")]) & ~evidence.is_print
        posterior[:, InkClass.PEN] = 1 - chance
        posterior[:, InkClass.PRINT] = np.where(is_rule, 0, chance)
        posterior[:, InkClass.RULE] = np.where(is_rule, chance, 0)
        posterior[~of] = np.eye(len(InkClass), dtype=np.float32)[InkClass.PEN]
        words = is_print & ~is_rule
        boxes = tuple(_word_boxes(components, found, words))
        capital_px = evidence.capital_px
        if not capital_px and boxes:
            capital_px = float(np.percentile(components.height[words], 75))
        return replace(
            evidence, posterior=posterior, lines=(*evidence.lines, *boxes), capital_px=capital_px,
            is_colored=is_colored,
        )  # fmt: skip

    def specks(
        self, evidence: InkEvidence, components: Components, sorting: Sorting
    ) -> NDArray[np.bool_]:
        """Those that stand in crowds."""
        return self.words.specks(evidence, components, sorting)


def _odds(shares: NDArray[np.float32]) -> NDArray[np.float64]:
    """(count,) how much likelier print than pen is, by the map: log odds."""
    printed = shares[:, _PRINTED].sum(axis=1) + WEIGHTS.least_share
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
    return pairs[near & alike]


def _averaged(values: NDArray[np.float64], links: NDArray[np.int64]) -> NDArray[np.float64]:
    """(count,) each value with half of each of its neighbours'; NaN says nothing."""
    known = ~np.isnan(values)
    total, weight = np.where(known, values, 0.0), known.astype(np.float64)
    own, says = total.copy(), weight.copy()
    for one, other in (links.T, links.T[::-1]):
        np.add.at(total, one, own[other] / 2)
        np.add.at(weight, one, says[other] / 2)
    return np.divide(total, weight, out=np.full(len(values), np.nan), where=weight > 0)


def _said_by_hue(
    rgb: Image,
    components: Components,
    links: NDArray[np.int64],
    odds: NDArray[np.float64],
    is_print: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(count,) log odds for print, and whether each has another hue than the print's.

    `odds`: What the map says. `is_print`: What surely is.
    """
    count = len(components)
    nothing = np.zeros(count), np.zeros(count, np.bool_)
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
    off = _averaged(np.where(is_known, off, np.nan), links)
    is_colored = np.nan_to_num(off) > apart
    is_same = np.nan_to_num(off, nan=np.inf) <= apart
    by_pen = (odds < WEIGHTS.by_pen) & is_known
    colored, same = (np.count_nonzero(by_pen & one) for one in (is_colored, is_same))
    if colored < WEIGHTS.fewest_colored:
        return nothing
    same_hue = WEIGHTS.same_hue if colored >= same else WEIGHTS.same_hue_of_two
    said = np.where(is_colored, WEIGHTS.other_hue, np.where(is_same, same_hue, 0.0))
    return said, np.asarray(is_colored, np.bool_)


def _word_boxes(
    components: Components, found: list[NDArray[np.int64]], words: NDArray[np.bool_]
) -> list[Box]:
    """Boxes around printed letters that stand side by side, two or more."""
    boxes = []
    for run in found:
        printed = words[run]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], printed.astype(np.int8), [0]])))
        boxes += [
            box_around(components, run[first:last])
            for first, last in zip(edges[::2], edges[1::2], strict=True)
            if last - first > 1
        ]
    return boxes
