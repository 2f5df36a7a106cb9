"""Ink told by a network that saw the whole page: of each component, its pixels vote."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting, connected_components
from digitbatch.page.ink_classes.classifier import Among, InkClass, InkEvidence
from digitbatch.page.ink_classes.heuristic import noise
from digitbatch.stages.base import Sheet
from digitbatch.types import INK_CLASSES, Affine, InkMap

_OF: Final = {
    "paper": InkClass.PAPER,
    "digit": InkClass.PEN,
    "handwriting": InkClass.PEN,
    "print": InkClass.PRINT,
    "rule": InkClass.RULE,
}
"""What of each class of the map a component is."""


@dataclass(frozen=True, slots=True)
class LearnedInk:
    """The `InkClassifier` that asked the ink network.

    No pixel is cut by what the map says, which is coarser than the page: a component is one thing,
    and the mean of its pixels' log probabilities says which.
    """

    ink_map: InkMap = field(repr=False)

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """What each component is; those that are not looked at are the pen's, and digits."""
        components = connected_components(sheet.pixels)
        shares = component_shares(self.ink_map, sheet.to_scan, components)
        posterior = np.zeros((len(components), len(InkClass)), np.float32)
        for column, name in enumerate(INK_CLASSES):
            posterior[:, _OF[name]] += shares[:, column]
        digit = shares[:, INK_CLASSES.index("digit")]
        aside = ~among(components)
        posterior[aside] = np.eye(len(InkClass), dtype=np.float32)[InkClass.PEN]
        digit = np.where(aside, np.float32(1), digit).astype(np.float32)
        return InkEvidence(components, posterior, digit=digit)

    def specks(
        self, evidence: InkEvidence, components: Components, sorting: Sorting
    ) -> NDArray[np.bool_]:
        """Those that are paper more likely than anything else, and those that stand in crowds."""
        paper = evidence.on(components).likeliest(InkClass.PAPER)
        return np.asarray(paper | noise(components, sorting, components.mask.shape), np.bool_)


def component_shares(
    ink_map: InkMap, to_page: Affine, components: Components
) -> NDArray[np.float32]:
    """What the pixels of each component vote for.

    Args:
        ink_map: Of the page.
        to_page: From the sheet's pixels to those that the map was made of.
        components: Those of the sheet.

    Returns:
        (count, 5) float32, rows sum to 1: by `INK_CLASSES`, the mean of the pixels' log
        probabilities, made a probability again.
    """
    count, classes = len(components), len(INK_CLASSES)
    if not count:
        return np.zeros((0, classes), np.float32)
    y, x = np.nonzero(components.labels)
    owners = components.labels[y, x] - 1
    where = _places(ink_map, to_page, x, y)
    flat = ink_map.log_probabilities.reshape(classes, -1)
    areas = np.maximum(1, np.bincount(owners, minlength=count))
    means = np.stack(
        [_mean(owners, flat[column, where], areas) for column in range(classes)], axis=1
    )
    means -= means.max(axis=1, keepdims=True)
    shares = np.exp(means)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def _places(
    ink_map: InkMap, back: Affine, x: NDArray[np.int64], y: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where on the map pixels of the sheet lie, as numbers of its pixels."""
    height, width = ink_map.log_probabilities.shape[1:]

    def along(row: Sequence[float], size: int) -> NDArray[np.int64]:
        at = (row[0] * x + row[1] * y + row[2] + 0.5) * ink_map.scale
        return np.asarray(np.clip(at.astype(np.int64), 0, size - 1), np.int64)

    return np.asarray(along(back[1], height) * width + along(back[0], width), np.int64)


def _mean(
    owners: NDArray[np.int32], values: NDArray[np.float32], areas: NDArray[np.int64]
) -> NDArray[np.float64]:
    return np.asarray(np.bincount(owners, values, len(areas)) / areas, np.float64)
