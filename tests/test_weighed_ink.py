"""Ink of pages without zones is told by the network's map, by hue and by what stands beside it."""

import numpy as np
import pytest

from digitbatch.page.connected_components import Components
from digitbatch.page.ink_classes import Among, HeuristicInk, InkClass, InkEvidence, WeighedInk
from digitbatch.stages.base import Sheet
from digitbatch.types import INK_CLASSES, Box, Image, InkMap

SHAPE = (900, 900)
BLACK, BLUE, PAPER = (40, 40, 42), (40, 60, 150), (248, 246, 240)
LABELS = [Box(40 + 22 * place, 40, 54 + 22 * place, 60) for place in range(20)]
NUMBERS = [Box(60 + 34 * place, 200, 80 + 34 * place, 232) for place in range(10)]
ALONE = Box(700, 300, 720, 332)


def everything(components: Components) -> np.ndarray:
    """All components are looked at."""
    return np.ones(len(components), np.bool_)


class Form:
    """A page of blocks of ink; each has a colour, and the map calls it something."""

    def __init__(self) -> None:
        self.mask = np.zeros(SHAPE, np.uint8)
        self.rgb = np.full((*SHAPE, 3), PAPER, np.uint8)
        self.called = np.zeros(SHAPE, np.uint8)
        self.put(LABELS, BLACK, "print")

    def put(self, boxes: list[Box], colour: tuple[int, int, int], called: str) -> None:
        """More ink."""
        for box in boxes:
            at = np.s_[box.top : box.bottom, box.left : box.right]
            self.mask[at], self.rgb[at] = 255, colour
            self.called[at] = INK_CLASSES.index(called)

    def told(self, sure: float = 0.96, among: Among = everything) -> InkEvidence:
        """What its ink is; of each class the map is so sure."""
        rest = (1 - sure) / (len(INK_CLASSES) - 1)
        shares = np.full((len(INK_CLASSES), *SHAPE), rest, np.float32)
        for number in range(len(INK_CLASSES)):
            shares[number][self.called == number] = sure
        ink_map = InkMap(np.log(shares), 1.0)
        back = np.eye(3)[:2]
        weighed = WeighedInk(HeuristicInk(None), ink_map, back, self.rgb)
        return weighed.classify(Sheet(self.mask, "mask"), among)


def is_pen(told: InkEvidence, box: Box) -> bool:
    """Whether the component in a box is the pen's."""
    (index,) = np.flatnonzero((told.components.left == box.left) & (told.components.top == box.top))
    return bool(told.is_pen[index])


def test_labels_go_and_numbers_stay() -> None:
    """What the map knows is told apart, and labels that stand side by side are words."""
    form = Form()
    form.put(NUMBERS, BLACK, "digit")
    told = form.told()
    assert not any(is_pen(told, box) for box in LABELS)
    assert all(is_pen(told, box) for box in NUMBERS)
    assert any(box.left == LABELS[0].left and box.right == LABELS[-1].right for box in told.lines)


def test_nothing_is_taken_from_a_page_without_print() -> None:
    """A list by hand is left whole, whatever the map says of a digit of it."""
    form = Form()
    form.mask[:] = 0
    form.put(NUMBERS[:9], BLACK, "digit")
    form.put([ALONE], BLACK, "print")
    told = form.told()
    assert told.is_pen.all()
    assert not told.lines


def test_a_printed_number_goes_by_its_hue() -> None:
    """The map takes it for one by hand, but who writes here has a blue pen."""
    form = Form()
    form.put(NUMBERS, BLUE, "digit")
    form.put([ALONE], BLACK, "digit")
    told = form.told(0.9)
    assert all(is_pen(told, box) for box in NUMBERS)
    assert not is_pen(told, ALONE)
    assert ALONE in told.doubtful
    assert told.is_colored_at(NUMBERS[0])
    assert not told.is_colored_at(ALONE)


def test_what_a_blue_pen_wrote_stays() -> None:
    """However much like print the map finds it."""
    form = Form()
    form.put(NUMBERS, BLUE, "digit")
    form.put([ALONE], BLUE, "print")
    assert is_pen(form.told(0.9), ALONE)


def test_few_blue_marks_are_no_pen() -> None:
    """A black pen's numbers are not dropped because a stamp is blue."""
    form = Form()
    form.put(NUMBERS, BLACK, "digit")
    form.put([ALONE], BLUE, "digit")
    assert all(is_pen(form.told(), box) for box in NUMBERS)


def test_a_digit_is_what_its_neighbours_are() -> None:
    """One that the map takes for print, among others of its size beside it, is not cut out."""
    form = Form()
    form.put(NUMBERS, BLACK, "digit")
    form.put([NUMBERS[4]], BLACK, "print")
    assert is_pen(form.told(), NUMBERS[4])
    form.put([ALONE], BLACK, "print")
    assert not is_pen(form.told(), ALONE)


@pytest.mark.parametrize("called", ["print", "rule"])
def test_classes_are_kept_apart(called: str) -> None:
    """Rules are no words."""
    form = Form()
    form.put([ALONE], BLACK, called)
    told = form.told()
    (index,) = np.flatnonzero(told.components.left == ALONE.left)
    assert told.posterior[index].argmax() == InkClass[called.upper()]
    np.testing.assert_allclose(told.posterior.sum(axis=1), 1, rtol=1e-5)


def test_a_gray_page_has_no_hue() -> None:
    """The map alone decides."""
    form = Form()
    form.put(NUMBERS, BLACK, "digit")
    ink: Image = form.mask
    shares = np.full((len(INK_CLASSES), *SHAPE), 0.01, np.float32)
    for number in range(len(INK_CLASSES)):
        shares[number][form.called == number] = 0.96
    weighed = WeighedInk(HeuristicInk(None), InkMap(np.log(shares), 1.0), np.eye(3)[:2])
    told = weighed.classify(Sheet(ink, "mask"), everything)
    assert all(is_pen(told, box) for box in NUMBERS)
    assert not told.is_colored_at(NUMBERS[0])


def test_what_is_cut_off_a_number_is_told() -> None:
    """The last digit of a number goes for print: it stands beside the pen's, and makes doubt."""
    form = Form()
    form.put(NUMBERS, BLACK, "digit")
    form.put([NUMBERS[-1]], BLACK, "print")
    told = form.told()
    assert not is_pen(told, NUMBERS[-1])
    assert NUMBERS[-1] in told.doubtful


def test_what_is_not_looked_at_is_the_pens() -> None:
    """Ink that lies in boxes is read there, whatever the map says of it."""
    form = Form()
    form.put([ALONE], BLACK, "rule")
    told = form.told(among=lambda components: components.left != ALONE.left)
    assert is_pen(told, ALONE)
