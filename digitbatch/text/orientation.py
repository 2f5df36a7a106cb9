"""Which way up a page lies, by what its digits look like in each of four orientations.

A page that a scanner took sideways reads as strokes like 1 and as 0, and some of that looks sure.
So the orientation is not told by these: 0, 1, 6, 8 and 9 are, or become, digits when they are
turned. It is the other digits that decide, where the page as it came has hardly any.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from digitbatch.page.connected_components import Components
from digitbatch.page.segments import Segment, component_segment
from digitbatch.text.classification import Readers, as_crops
from digitbatch.types import OTHER, Image


@dataclass(frozen=True, slots=True)
class OrientationTuning:
    """When a page is turned. Set on photos of numbers, turned by 90, 180 and 270 degrees."""

    most: int = 60  # components that are looked at, the page over
    sides: tuple[float, float] = (0.5, 2.0)  # of their usual size: what is smaller or larger is not
    telling: tuple[int, ...] = (2, 3, 4, 5, 7)  # digits that are none when they are turned
    sure: float = 0.9  # from here on a component is such a digit
    upright: float = 0.3  # of the components are, as it came: it is not turned
    some: float = 0.15  # at least so many are, when it is turned right,
    times: float = 2.0  # and so many times as many as when it is not,
    least: int = 3  # and so many; where fewer are,
    better: float = 0.2  # more of the components must be digits than as it came


TUNED: Final = OrientationTuning()


def quarter_turns(components: Components, ink: Image, readers: Readers) -> int:
    """By how many quarters a page is to be turned, counterclockwise, to stand upright: 0 to 3.

    `components`: of the page as it came, which has no printed words. `ink`: (H, W) uint8 the
    page's levels before thresholding, light ink on black.
    """
    segments = _samples(components, ink)
    if not segments:
        return 0
    telling, digits = _counts(segments, readers)
    found, of_digits = [telling], [digits]
    if telling >= TUNED.upright * len(segments):
        return 0
    for turns in (1, 2, 3):
        inks = (np.ascontiguousarray(np.rot90(one.ink, turns)) for one in segments)
        turned = [replace(one, ink=ink) for one, ink in zip(segments, inks, strict=True)]
        telling, digits = _counts(turned, readers)
        found.append(telling)
        of_digits.append(digits)
    best = int(np.argmax(found))
    others = max(count for turns, count in enumerate(found) if turns != best)
    if not found[best] or found[best] < max(TUNED.some * len(segments), TUNED.times * others):
        return 0
    is_better = of_digits[best] >= of_digits[0] + TUNED.better * len(segments)
    return best if found[best] >= TUNED.least or is_better else 0


def _counts(segments: list[Segment], readers: Readers) -> tuple[int, int]:
    """How many of some components are surely digits that tell which way up they are, or any."""
    sure = as_crops(readers.classify(segments))[:, :OTHER] >= TUNED.sure
    return int(sure[:, TUNED.telling].any(axis=1).sum()), int(sure.any(axis=1).sum())


def _samples(components: Components, ink: Image) -> list[Segment]:
    """Components of the usual size of the larger ones, evenly from all over the page."""
    if not len(components):
        return []
    sizes = np.maximum(components.width, components.height).astype(np.float64)
    usual = float(np.median(sizes[sizes >= np.median(sizes)]))
    low, high = (times * usual for times in TUNED.sides)
    fit = np.flatnonzero((sizes >= low) & (sizes <= high))
    picked = fit[np.linspace(0, len(fit) - 1, min(TUNED.most, len(fit))).astype(np.int64)]
    found = (component_segment(components, int(index), ink) for index in picked)
    return [segment for segment in found if segment is not None]
