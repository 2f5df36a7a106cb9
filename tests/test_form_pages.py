"""Made forms for the ink network: what is drawn, and what each pixel is said to be."""

import numpy as np
import pytest

from digitbatch.synth.form_pages import DRAWN_ONLY, KINDS, FormPage, PageKind, Typefaces, draw_page
from digitbatch.synth.form_pages.canvas import (
    DIGIT,
    HANDWRITING,
    IGNORED,
    PRINT,
    RULE,
    Canvas,
)
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.form_pages.hands import by_writer
from digitbatch.synth.form_pages.pen import draw_pen
from digitbatch.synth.form_pages.style import Rule
from digitbatch.synth.form_pages.typefaces import text_mask
from digitbatch.synth.form_pages.writing import write_number

WHITE = np.full(3, 255, np.float32)
BLACK = np.zeros(3, np.float32)
SOLID: Rule = (1.0, BLACK, "solid", 1.0)


@pytest.fixture(scope="module")
def faces() -> Typefaces:
    """OpenCV's letters alone: the same on every machine."""
    return Typefaces([])


def page(seed: int, faces: Typefaces, kind: PageKind | None = None) -> FormPage:
    """A page with digits from stroke models."""
    return draw_page(seed, DRAWN_ONLY, faces, kind)


def test_same_seed_same_page(faces: Typefaces) -> None:
    """A page hangs on its seed alone, so that a training can be repeated."""
    one, two, other = (page(seed, faces, "large") for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.pixels.shape != other.pixels.shape or (one.pixels != other.pixels).any()


@pytest.mark.parametrize("kind", KINDS)
def test_labels_fit_pixels(kind: PageKind, faces: Typefaces) -> None:
    """Each pixel has a class or none; sides are multiples of what the network needs."""
    drawn = page(5, faces, kind)
    assert drawn.pixels.dtype == np.uint8
    assert drawn.labels.shape == drawn.pixels.shape[:2]
    assert set(np.unique(drawn.labels)) <= {0, DIGIT, HANDWRITING, PRINT, RULE, IGNORED}
    assert drawn.labels.shape[0] % 32 == 0
    assert drawn.labels.shape[1] % 32 == 0


def test_kinds_hold_what_they_are_for(faces: Typefaces) -> None:
    """Nobody wrote on print or texture; sheets of digits hold digits."""
    for seed in range(2):
        assert not np.isin(page(seed, faces, "print").labels, (DIGIT, HANDWRITING)).any()
        texture = page(seed, faces, "texture").labels
        assert not np.isin(texture, (DIGIT, HANDWRITING, PRINT, RULE)).any()
        assert (page(seed, faces, "digits").labels == DIGIT).any()


def test_writing_lies_on_top(faces: Typefaces) -> None:
    """Where a digit crosses a rule or print it is the digit, whichever was drawn first."""
    stroke = np.full((20, 4), 255, np.uint8)
    for digit_first in (True, False):
        canvas = Canvas(64, 64, WHITE)
        if digit_first:
            canvas.put(stroke, 30, 20, BLACK, DIGIT)
        canvas.across(0, 64, 30, SOLID)
        canvas.put(text_mask("print", faces.latin[0], 20), 5, 22, BLACK, PRINT)
        if not digit_first:
            canvas.put(stroke, 30, 20, BLACK, DIGIT)
        assert (canvas.labels[20:40, 30:34] == DIGIT).all()
        assert (canvas.labels[30, :5] == RULE).all()


def test_what_nobody_sees_is_not_labelled() -> None:
    """Ink as light as its paper is neither ink nor paper: nothing is learnt from it."""
    canvas = Canvas(32, 32, WHITE)
    canvas.put(np.full((8, 8), 255, np.uint8), 4, 4, WHITE - 4, PRINT)
    assert set(np.unique(canvas.labels)) == {0, IGNORED}


def test_pens_only_darken() -> None:
    """A faint pen over a dark rule leaves it dark."""
    canvas = Canvas(32, 32, WHITE)
    canvas.across(0, 32, 16, SOLID)
    canvas.put(np.full((20, 4), 255, np.uint8), 10, 6, np.full(3, 200, np.float32), DIGIT)
    assert canvas.pixels[16, 11].max() == 0


def test_numbers_stand_where_they_are_to() -> None:
    """Digits with a pitch stand one in each cell, near the middle of it."""
    dice = Dice(1)
    canvas = Canvas(64, 400, WHITE)
    pen = draw_pen(dice, DRAWN_ONLY, WHITE, 30)
    write_number(canvas, pen, 10, 32, 24, 8, pitch=45)
    for cell in range(8):
        columns = np.flatnonzero(
            (canvas.labels[:, 10 + 45 * cell : 55 + 45 * cell] == DIGIT).any(0)
        )
        assert columns.size
        assert 8 < columns.mean() < 37


def test_typefaces_without_any() -> None:
    """A machine without typefaces sets print in OpenCV's letters."""
    faces = Typefaces([])
    assert len(faces) == 4
    assert text_mask("Total 12", faces.latin[0], 24).max() == 255


def test_writers_with_few_digits_do_not_write_alone() -> None:
    """Who left enough of the ten digits is a writer; where nobody did, all are one."""
    picture = np.full((20, 8), 255, np.uint8)
    labels = [*range(10), 1, 2]
    writers = [0] * 10 + [1, 1]
    found = by_writer([picture] * 12, labels, writers)
    assert len(found) == 1
    assert all(len(pile) == 1 for pile in found[0].digits)
    assert len(by_writer([picture] * 2, [1, 2], [1, 1])) == 1
