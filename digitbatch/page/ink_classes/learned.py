"""What the ink network says of components: their pixels vote.

No pixel is cut by what its map says, which is coarser than the page: a component is one thing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.types import INK_CLASSES, Affine, InkMap


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
