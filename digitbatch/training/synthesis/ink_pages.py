"""Made forms as the ink network learns them: levels, what each pixel is, what each pixel weighs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.ink.pictures import PAPER_LEVEL, ink_picture
from digitbatch.synth.form_pages import Hands, PageKind, Typefaces, draw_page
from digitbatch.types import INK_CLASSES, Image

IGNORED: Final = 255
"""A label that nothing is learnt from."""

WEIGHT_ONE: Final = 64
"""Weights are whole numbers: so many are 1."""

_RANKS: Final = ("paper", "ignored", "rule", "print", "handwriting", "digit")
"""Of the pixels that become one: the last of these that is among them."""

_FOR_DIGITS: Final = INK_CLASSES.index("digit")


@dataclass(frozen=True, slots=True)
class InkStyle:
    """How pages become examples."""

    class_weights: tuple[float, ...] = (0.12, 1.2, 1.4, 0.9, 0.6)  # by `INK_CLASSES`
    middle_area_px: float = 50.0  # of a component at half resolution whose pixels weigh 1 ...
    least_factor: float = 0.6  # ... larger ones' weigh less, ...
    most_factor: float = 2.5  # ... and smaller ones' more
    seen_levels: int = 7  # ink that differs less from its paper is not learnt from
    on_writing: float = 0.6  # share of the crops that lie on writing, ...
    on_print: float = 0.26  # ... and on print or rules
    gain: tuple[float, float] = (0.7, 1.35)  # of a crop's contrast
    channels_swapped: float = 0.03
    greyed: float = 0.05


INK_STYLE: Final = InkStyle()


@dataclass(frozen=True, slots=True)
class InkPage:
    """A made page, ready to be cut into crops."""

    kind: PageKind
    levels: Image = field(repr=False)  # (3, H, W) uint8, see `networks.ink.pictures`
    labels: NDArray[np.uint8] = field(repr=False)  # (H/2, W/2), places in INK_CLASSES; 255: none
    weights: NDArray[np.uint8] = field(repr=False)  # (H/2, W/2), 64 is 1
    full_labels: NDArray[np.uint8] = field(repr=False)  # (H, W)


Crop = tuple[Image, NDArray[np.uint8], NDArray[np.uint8]]
"""Levels (3, S, S), labels and weights (S/2, S/2), all uint8."""


def make_ink_page(
    seed: int,
    hands: Hands,
    faces: Typefaces,
    style: InkStyle = INK_STYLE,
    kind: PageKind | None = None,
) -> InkPage:
    """Draw a page and prepare it.

    Args:
        seed: Decides everything.
        hands: Who writes.
        faces: What print is set in.
        style: How pixels weigh.
        kind: What page; None: drawn.
    """
    cv2.setNumThreads(1)  # beside the training on the other core
    page = draw_page(seed, hands, faces, kind)
    levels = ink_picture(page.pixels, 1.0).levels
    height, width = levels.shape[1:]
    labels = np.full((height, width), IGNORED, np.uint8)
    labels[: page.labels.shape[0], : page.labels.shape[1]] = page.labels
    labels[_unseen(levels, labels, style)] = IGNORED
    half = halved_labels(labels)
    return InkPage(page.kind, levels, half, pixel_weights(half, style), labels)


def halved_labels(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels at half the resolution: ink, where any of the four pixels is."""
    to_rank = np.zeros(256, np.uint8)
    to_label = np.zeros(len(_RANKS), np.uint8)
    for rank, name in enumerate(_RANKS):
        label = IGNORED if name == "ignored" else INK_CLASSES.index(name)
        to_rank[label], to_label[rank] = rank, label
    ranks = to_rank[labels]
    highest = np.maximum(
        np.maximum(ranks[::2, ::2], ranks[1::2, ::2]),
        np.maximum(ranks[::2, 1::2], ranks[1::2, 1::2]),
    )
    return np.asarray(to_label[highest], np.uint8)


def pixel_weights(labels: NDArray[np.uint8], style: InkStyle) -> NDArray[np.uint8]:
    """What each pixel weighs, (h, w), 64 is 1: small components' pixels more than large ones'.

    An upright 1 has a tenth of the pixels of a bold letter, and is lost as easily as it is small.
    """
    by_class = np.zeros(256, np.float32)
    by_class[: len(INK_CLASSES)] = style.class_weights
    weights = by_class[labels]
    for label in range(1, len(INK_CLASSES)):
        own = np.asarray(labels == label, np.uint8)
        _, numbers, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
        areas = np.maximum(1, stats[:, cv2.CC_STAT_AREA])
        factors = np.clip(
            np.sqrt(style.middle_area_px / areas), style.least_factor, style.most_factor
        )
        factors[0] = 1.0
        weights *= factors.astype(np.float32)[numbers]
    return np.asarray(np.clip(weights * WEIGHT_ONE, 0, 255), np.uint8)


def crops_of(
    page: InkPage, count: int, side: int, rng: np.random.Generator, style: InkStyle = INK_STYLE
) -> list[Crop]:
    """Cut crops, most of them where something is written, and change each one's contrast.

    Args:
        page: Where it is smaller than `side`, blank paper is added, of which nothing is learnt.
        count: How many.
        side: In pixels, even.
        rng: Decides everything.
        style: Where they lie.
    """
    handwriting, rule = INK_CLASSES.index("handwriting"), INK_CLASSES.index("rule")
    ink = page.labels != 0
    known = page.labels <= rule
    written = np.flatnonzero(ink & (page.labels <= handwriting))
    printed = np.flatnonzero(ink & (page.labels > handwriting) & known)
    return [
        _crop(page, _place(page, written, printed, side, rng, style), side, rng, style)
        for _ in range(count)
    ]


def _place(
    page: InkPage,
    written: NDArray[np.int64],
    printed: NDArray[np.int64],
    side: int,
    rng: np.random.Generator,
    style: InkStyle,
) -> tuple[int, int]:
    """Row and column of a crop's corner at half resolution."""
    height, width = page.labels.shape
    half = side // 2
    chance = rng.random()
    among: Sequence[int] | NDArray[np.int64] = ()
    if chance < style.on_writing:
        among = written
    elif chance < style.on_writing + style.on_print:
        among = printed
    if len(among):
        row, column = divmod(int(among[int(rng.integers(len(among)))]), width)
        row, column = row - int(rng.integers(half)), column - int(rng.integers(half))
    else:
        row, column = int(rng.integers(height)), int(rng.integers(width))
    return min(max(row, 0), max(0, height - half)), min(max(column, 0), max(0, width - half))


def _crop(
    page: InkPage, corner: tuple[int, int], side: int, rng: np.random.Generator, style: InkStyle
) -> Crop:
    row, column = corner
    half = side // 2
    levels = page.levels[:, 2 * row : 2 * row + side, 2 * column : 2 * column + side]
    gain = rng.uniform(*style.gain)
    offset = rng.uniform(-6, 6)
    curve = np.clip((np.arange(256) - PAPER_LEVEL) * gain + PAPER_LEVEL + offset, 0, 255)
    levels = curve.astype(np.uint8)[levels]
    chance = rng.random()
    if chance < style.channels_swapped:
        levels = levels[rng.permutation(3)]
    elif chance < style.channels_swapped + style.greyed:
        levels = np.repeat(levels[1:2], 3, axis=0)
    labels = page.labels[row : row + half, column : column + half]
    weights = page.weights[row : row + half, column : column + half]
    below, right = half - labels.shape[0], half - labels.shape[1]
    if below or right:
        around = ((0, below), (0, right))
        levels = np.pad(
            levels, ((0, 0), (0, 2 * below), (0, 2 * right)), constant_values=PAPER_LEVEL
        )
        labels = np.pad(labels, around, constant_values=IGNORED)
        weights = np.pad(weights, around)
    return levels, labels, weights


def _unseen(levels: Image, labels: NDArray[np.uint8], style: InkStyle) -> NDArray[np.bool_]:
    """Ink that light, noise or a copier took away."""
    differs = np.abs(levels.astype(np.int16) - PAPER_LEVEL).max(axis=0).astype(np.uint8)
    near = cv2.dilate(differs, np.ones((3, 3), np.uint8))
    unseen = np.asarray(near) < style.seen_levels
    return np.asarray((labels > 0) & (labels != IGNORED) & unseen, np.bool_)
