"""What ink is, is said behind one interface, and whatever stands behind it is believed."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.config import Config
from digitbatch.page.analysis import analyse_layout, find_print
from digitbatch.page.connected_components import Components, Sorting, connected_components
from digitbatch.page.forms.box_rows import Printed
from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.page.ink_classes import Among, HeuristicInk, InkClass, InkClassifier, InkEvidence
from digitbatch.stages.base import Sheet
from digitbatch.types import Box, Image, Page, PageRef


@dataclass(frozen=True)
class VotedInk:
    """A classifier that has a probability for each pixel and class, as a network would."""

    pixels: NDArray[np.float32]  # (H, W, 4)

    def classify(self, sheet: Sheet, among: Among) -> InkEvidence:
        """The pixels of each component vote on its class."""
        components = connected_components(sheet.pixels)
        votes = [
            self.pixels[components.labels == index + 1].mean(axis=0)
            for index in range(len(components))
        ]
        evidence = InkEvidence(components, np.array(votes, np.float32))
        printed = np.flatnonzero(evidence.is_print & among(components)).tolist()
        if not printed:
            return evidence
        lines = tuple(components.box(index) for index in printed)
        return replace(evidence, lines=lines, capital_px=float(components.height[printed].max()))

    def specks(
        self,
        evidence: InkEvidence,
        components: Components,
        sorting: Sorting,  # noqa: ARG002 - the map knows specks by themselves
    ) -> NDArray[np.bool_]:
        """What is more likely paper than ink."""
        return evidence.on(components).likeliest(InkClass.PAPER)


def put(pixels: Image, text: str, left: int, foot: int, height_px: int) -> None:
    """Write on a mask."""
    scale = height_px / 21  # of this typeface at size 1
    cv2.putText(pixels, text, (left, foot), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 4)


def digits_of(classifier: InkClassifier, mask: Image) -> list[Box]:
    """The boxes of all ink that is taken for digits or parts of them."""
    sheet = Sheet(mask, "mask", np.eye(2, 3))
    page = RegisteredPage(Page(PageRef("page.png", 1), mask))
    words = find_print(sheet, Printed(), classifier)
    layout = analyse_layout(sheet, page, Config(), Printed(), words, classifier)
    return [segment.box for region in layout.regions for segment in region.segments]


def test_a_network_that_maps_ink_is_a_classifier() -> None:
    """What it calls print is no line, what it calls paper is no part of a digit; all else is."""
    digits, print_, specks = (np.zeros((400, 600), np.uint8) for _ in range(3))
    put(digits, "2 5 7 3 6", 60, 200, 60)
    put(print_, "5 2 8 6", 60, 350, 60)
    for x, y in ((128, 160), (210, 170), (290, 165)):  # between digits
        specks[y : y + 9, x : x + 9] = 255
    specks &= ~np.asarray(cv2.dilate(digits, np.ones((5, 5), np.uint8)), np.uint8)
    mask = digits | print_ | specks
    classes = np.zeros((*mask.shape, len(InkClass)), np.float32)
    for layer, ink_class in (
        (digits, InkClass.PEN),
        (print_, InkClass.PRINT),
        (specks, InkClass.PAPER),
    ):
        classes[layer > 0, ink_class] = 0.7
        classes[layer > 0] += 0.075
    believed = digits_of(VotedInk(classes), mask)
    assert len(believed) == 5
    assert all(box.bottom <= 210 for box in believed)
    nothing_told = digits_of(HeuristicInk(None), mask)
    assert len(nothing_told) == 5 + 4 + 3


def test_evidence_stays_with_what_is_left() -> None:
    """A component that was not touched keeps its posterior; what is new is the pen's."""
    mask = np.zeros((60, 120), np.uint8)
    mask[10:50, 10:20] = 255
    mask[10:50, 40:50] = 255
    mask[10:50, 80:90] = 255
    components = connected_components(mask)
    evidence = InkEvidence.with_print(components, np.array([True, False, True]))
    parted = mask.copy()
    parted[30, 40:50] = 0  # the pen's, in two now
    parted[10:50, 80:90] = 0  # gone
    after = evidence.on(connected_components(parted))
    assert after.is_print.tolist() == [True, False, False]
    assert after.likeliest(InkClass.PEN).tolist() == [False, True, True]
    assert np.allclose(after.posterior.sum(axis=1), 1)
