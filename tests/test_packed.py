"""Quick ways to do what OpenCV does give what OpenCV gives."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitbatch.imaging.bit_morphology import closed, dilated, eroded, opened, packed, unpacked
from digitbatch.page.connected_components import connected_components
from digitbatch.stages.hysteresis import hysteresis, level_counts
from digitbatch.types import Image

SHAPES = [(1, 1), (40, 1), (3, 17), (33, 64), (50, 41)]


def noise(shape: tuple[int, int], share: float) -> Image:
    """A mask of lone and touching pixels, and of runs where most of it is ink."""
    drawn = np.random.default_rng(shape[0]).random(shape) < share
    return np.asarray(drawn, np.uint8) * np.uint8(255)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", [1, 2, 3, 8, 13, 60])
def test_bits_are_opened_and_closed_as_bytes_are(shape: tuple[int, int], length: int) -> None:
    """Also at the border, and with elements that are longer than the picture is high."""
    element = np.ones((length, 1), np.uint8)
    operations = {
        opened: cv2.MORPH_OPEN,
        closed: cv2.MORPH_CLOSE,
        eroded: cv2.MORPH_ERODE,
        dilated: cv2.MORPH_DILATE,
    }
    for share in (0.1, 0.5, 0.95):
        mask = noise(shape, share)
        for ours, theirs in operations.items():
            expected = cv2.morphologyEx(mask, theirs, element)
            assert np.array_equal(unpacked(ours(packed(mask), length), shape[1]), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_components_are_measured_as_opencv_does(shape: tuple[int, int], share: float) -> None:
    """Those in holes of others too."""
    mask = noise(shape, share)
    found = connected_components(mask)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    theirs = labels[found.first[:, 1], found.first[:, 0]]  # what it calls ours
    assert sorted(theirs.tolist()) == list(range(1, len(stats)))
    measured = np.stack([found.left, found.top, found.width, found.height, found.area], axis=1)
    assert np.array_equal(measured, stats[theirs])
    for index, label in enumerate(theirs):
        box = found.box(index)
        own = labels[box.top : box.bottom, box.left : box.right] == label
        assert np.array_equal(found.own(index), own)
        assert np.array_equal(found.labels == index + 1, labels == label)


def test_a_component_in_a_hole_has_a_box_of_its_own() -> None:
    """A ring around a dot is two components."""
    mask = np.zeros((20, 20), np.uint8)
    cv2.circle(mask, (10, 10), 8, 255, 1)
    mask[10, 10] = 255
    found = connected_components(mask)
    assert sorted(found.width.tolist()) == [1, 17]


def test_faint_ink_stays_where_it_touches_sure_ink() -> None:
    """And goes where it does not; no ink at all where the level is out of reach."""
    ink: NDArray[np.uint8] = np.zeros((5, 9), np.uint8)
    ink[2, 1:4] = [90, 200, 90]
    ink[2, 6:8] = 90
    found = hysteresis(ink, 150, 80)
    assert np.flatnonzero(found[2]).tolist() == [1, 2, 3]
    assert not hysteresis(ink, 256, 256).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_levels_are_counted(shape: tuple[int, int]) -> None:
    """Of an odd number of pixels, too, and of a part of a picture."""
    levels = np.random.default_rng(1).integers(0, 256, (shape[0], shape[1] + 3), np.uint8)
    part = levels[:, 1:-2]
    assert np.array_equal(level_counts(part), np.bincount(part.ravel(), minlength=256))
