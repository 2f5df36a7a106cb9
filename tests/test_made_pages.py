"""Pages made of given digits: pens, the kinds of pages, forms, and pages taken again."""

from itertools import islice

import numpy as np
import pytest

from digitbatch.scoring.labelled_pages import (
    LabelledPage,
    made_pages,
    pages_by_hands,
    pages_by_many_writers,
)
from digitbatch.synth.crop_pens import CropPen, DoubleZeroPen, Hand, WriterPen
from digitbatch.synth.forms import made_forms
from digitbatch.synth.paper import CHANGES, retakes
from digitbatch.synth.printed_pages import PRINT_KINDS, page_of_print
from digitbatch.types import Image
from tests.nn.idx_files import drawn_digits

DIGITS = drawn_digits(40)
PEN = CropPen(DIGITS.crops, DIGITS.labels)


def first(kind: str, seed: int = 20) -> LabelledPage:
    """The first page of a kind that `PEN` writes."""
    return next(made_pages(kind, PEN, seed))


@pytest.mark.parametrize("kind", ["webcam", "fax", "marks", "desk", "print", "invoice"])
def test_a_seed_makes_a_page_again(kind: str) -> None:
    """The same seed gives the same page and text, another seed others; all of it is digits."""
    one, again, other = first(kind), first(kind), first(kind, seed=21)
    assert np.array_equal(one.page.pixels, again.page.pixels)
    assert one.written == again.written
    assert one.written != other.written
    texts = list(one.written.values()) if isinstance(one.written, dict) else list(one.written)
    assert all(text.isdigit() for text in texts if text)
    assert any(texts)


class TestPens:
    def test_a_crop_is_written_at_the_height_that_is_asked_for(self) -> None:
        """As high as a digit of 20 pixels in its crop, enlarged, but for some percent."""
        crop = np.zeros((1, 28, 28), np.uint8)
        crop[0, 4:24, 13:15] = 255
        pen = CropPen(crop, np.array([1]))
        rng = np.random.default_rng(0)
        assert [len(pen(1, rng, 60)) for _ in range(20)] == pytest.approx([60] * 20, rel=0.12)

    def test_a_writer_of_no_strength_writes_the_crops_as_they_are(self) -> None:
        """Nothing is slanted, turned, squeezed or pressed: the same digit as the plain pen's."""
        plain = PEN(3, np.random.default_rng(1), 40)
        writer = WriterPen(DIGITS.crops, DIGITS.labels)
        assert np.array_equal(writer(3, np.random.default_rng(1), 40), plain)

    def test_no_digit_is_lost_by_a_strange_writer(self) -> None:
        """Some ink of each stays, and its picture ends where its ink does."""
        writer = WriterPen(DIGITS.crops, DIGITS.labels)
        rng = np.random.default_rng(0)
        for _ in range(30):
            writer.change_writer(rng, 1.0)
            ink = writer(int(rng.integers(10)), rng, 40) > 30
            assert all(edge.any() for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))

    def test_zeros_are_written_twice(self) -> None:
        """And lean on each other; other digits are written as they are."""
        double = DoubleZeroPen(DIGITS.crops, DIGITS.labels)
        zero, three = (PEN(label, np.random.default_rng(1), 40) for label in (0, 3))
        assert double(0, np.random.default_rng(1), 40).shape[1] > 1.4 * zero.shape[1]
        assert np.array_equal(double(3, np.random.default_rng(1), 40), three)

    def test_every_second_writer_is_strange(self) -> None:
        """By chance, page by page; the others write the crops as they are."""
        pen = WriterPen(DIGITS.crops, DIGITS.labels)
        hands = [Hand(DIGITS.crops, DIGITS.labels)]
        plain = PEN(1, np.random.default_rng(0), 40)
        as_they_are = [
            np.array_equal(pen(1, np.random.default_rng(0), 40), plain)
            for _ in islice(pages_by_many_writers("webcam", pen, hands, 78), 16)
        ]
        assert 4 <= sum(as_they_are) <= 12


class TestHands:
    def test_a_single_hand_changes_nothing(self) -> None:
        """Where nobody knows who wrote, pages are those of all digits together."""
        hands = [Hand(DIGITS.crops, DIGITS.labels)]
        again = next(pages_by_hands("webcam", CropPen(DIGITS.crops, DIGITS.labels), hands))
        assert np.array_equal(again.page.pixels, first("webcam").page.pixels)

    def test_a_page_is_in_one_hand(self) -> None:
        """Each of its digits is the same writer's; over pages, all write."""
        hands = [Hand(DIGITS.crops[k : k + 10], DIGITS.labels[k : k + 10]) for k in (0, 10, 20)]
        pen = PenWithNotes(hands)
        pages = pages_by_hands("webcam", pen, hands)
        whose: list[int] = []
        for _ in range(12):
            pen.wrote.clear()
            next(pages)
            assert len(pen.wrote) == 1
            whose += pen.wrote
        assert set(whose) == {0, 1, 2}


class PenWithNotes(CropPen):
    """Notes which of its hands it writes with."""

    def __init__(self, hands: list[Hand]) -> None:
        """Begin with the first one's digits."""
        super().__init__(hands[0].crops, hands[0].labels)
        self._hands, self._now = hands, 0
        self.wrote: set[int] = set()

    def take_hand(self, hand: Hand) -> None:
        """Write with another one's digits from now on."""
        super().take_hand(hand)
        self._now = next(place for place, one in enumerate(self._hands) if one is hand)

    def __call__(self, label: int, rng: np.random.Generator, height_px: float) -> Image:
        """One digit, as `CropPen` writes it."""
        self.wrote.add(self._now)
        return super().__call__(label, rng, height_px)


class TestForms:
    def test_what_is_written_lies_in_its_zone(self) -> None:
        """Those of a form in which something is written are darker than its empty ones."""
        form = next(made_forms("postal", np.random.default_rng(1), PEN))
        height, width = form.pixels.shape[:2]
        dark: dict[bool, list[float]] = {False: [], True: []}
        for zone in form.zones:
            left, top, right, bottom = zone.box
            edge = (bottom - top) / 4  # the boxes' rules lie there
            rows = form.pixels[round((top + edge) * height) : round((bottom - edge) * height)]
            cut = rows[:, round(left * width) : round(right * width)]
            ink = float((cut < 0.6 * np.median(cut)).mean())
            dark[bool(form.truth[zone.name])].append(ink)
        assert len(dark[False]) in range(1, 8)
        assert min(dark[True]) > max(dark[False])

    def test_forms_of_a_layout_share_their_reference(self) -> None:
        """It is a file while pages are made, another one for the next layout."""
        pages = made_pages("template", PEN)
        templates = [labelled.config.template for labelled in islice(pages, 6)]
        images = [template.image for template in templates if template is not None]
        assert len(images) == 6
        assert len(set(images[:5])) == 1
        assert images[5] != images[4]
        assert all(image.is_file() for image in images)


def test_a_page_taken_again_is_another_picture_each_time() -> None:
    """None of the changes leaves the pixels as they were, and none depends on the others."""
    pixels = first("desk").page.pixels
    again = list(retakes(pixels, seed=0))
    assert len(again) == len(CHANGES)
    assert not any(np.array_equal(pixels, one) for one in again)
    assert np.array_equal(again[-1], list(retakes(pixels, seed=0))[-1])


@pytest.mark.parametrize("kind", PRINT_KINDS)
def test_a_page_of_print_has_its_numbers_by_hand(kind: str) -> None:
    """Three on each, whatever is printed; no two kinds are the same picture."""
    page = page_of_print(kind, np.random.default_rng(0), dpi=60)
    assert page.pixels.shape == (701, 496, 3)
    assert len(page.truth) == 3
    assert all(text.isdigit() for text in page.truth)
