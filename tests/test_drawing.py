"""Digits, pages and samples that the package draws itself."""

import json
from io import BytesIO
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pil
from PIL import ImageSequence

from digitbatch.synth import ALL_STYLES, STYLES, Hand, digit_paths, draw_digit
from digitbatch.synth.letters import LETTERS, draw_word
from digitbatch.synth.pages import FormField, PageStyle, fill_form, random_lines, write_lines
from digitbatch.synth.paper import Paper, fax
from digitbatch.synth.pdf import ScanPage, StrokePage, write_pdf
from digitbatch.synth.samples import SampleFile, make_samples
from digitbatch.types import Image

SAMPLES = Path(__file__).parents[1] / "samples"
WAYS = [(label, style) for label, styles in ALL_STYLES.items() for style in styles]


def rng(seed: int = 0) -> np.random.Generator:
    """A generator in a known state."""
    return np.random.default_rng(seed)


def block(label: int, chance: np.random.Generator, height_px: float) -> Image:
    """A digit source of its own: a full rectangle, twice as high as wide."""
    return np.full((round(height_px), round(height_px / 2)), 255, np.uint8)


def blots(pixels: Image) -> list[tuple[int, int, int, int]]:
    """Left, top, width and height of each dark region, in no order."""
    dark = (pixels.min(axis=2) < 128).astype(np.uint8)
    stats = cv2.connectedComponentsWithStats(dark)[2][1:, :4]
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in stats]


class TestDigits:
    @pytest.mark.parametrize(("label", "style"), WAYS)
    def test_every_style_is_ink_of_the_height_asked_for(self, label: int, style: str) -> None:
        """A digit is bright ink on black, clear of its margin, as high as asked plus the pen."""
        for seed in range(5):
            digit = draw_digit(label, rng(seed), height_px=60, pen_px=5, style=style)
            rows = np.flatnonzero((digit > 128).any(axis=1))
            assert digit.dtype == np.uint8
            assert digit.max() > 200
            edge = np.concatenate([digit[0], digit[-1], digit[:, 0], digit[:, -1]])
            assert not edge.any()
            assert 58 <= rows[-1] - rows[0] + 1 <= 70

    @given(st.integers(0, 9), st.integers(0, 2**32 - 1))
    @settings(max_examples=30, deadline=None)
    def test_equal_seeds_give_equal_digits(self, label: int, seed: int) -> None:
        """A digit depends on nothing but its arguments and the generator's state."""
        assert np.array_equal(draw_digit(label, rng(seed)), draw_digit(label, rng(seed)))

    @pytest.mark.parametrize(("label", "style"), WAYS)
    def test_no_two_are_alike(self, label: int, style: str) -> None:
        """The same hand never writes a digit twice the same way."""
        first, second = (
            draw_digit(label, rng(seed), style=style, pen_px=4, slant_deg=5, aspect=1, tip="round")
            for seed in (1, 2)
        )
        assert first.shape != second.shape or not np.array_equal(first, second)

    def test_without_jitter_the_model_itself_is_drawn(self) -> None:
        """Jitter, wobble and slant at nothing leave chance no say in the pen's way."""
        plain = [
            digit_paths(5, rng(s), style="loose_bar", slant_deg=0, aspect=1, wobble=0, jitter=0)
            for s in (1, 2)
        ]
        for first, second in zip(*plain, strict=True):
            np.testing.assert_allclose(first, second)

    @given(st.sampled_from(WAYS), st.floats(5, 500), st.integers(0, 1000))
    @settings(max_examples=40, deadline=None)
    def test_paths_fill_the_height(self, way: tuple[int, str], height: float, seed: int) -> None:
        """The pen's way starts at y = 0 and is exactly as high as asked."""
        paths = digit_paths(way[0], rng(seed), height_px=height, style=way[1])
        ys = np.concatenate(paths)[:, 1]
        assert ys.min() == pytest.approx(0, abs=1e-9)
        assert ys.max() == pytest.approx(height)

    def test_slant_leans_to_the_right(self) -> None:
        """A positive slant moves the top to the right of the foot."""
        upright, leaning = (
            digit_paths(1, rng(0), style="bare", slant_deg=deg, wobble=0, jitter=0)[0]
            for deg in (0, 20)
        )
        lean = (leaning[0, 0] - leaning[-1, 0]) - (upright[0, 0] - upright[-1, 0])
        assert lean == pytest.approx(40 * np.tan(np.radians(20)), rel=0.05)

    def test_unknown_label_or_style_is_refused(self) -> None:
        """The message names what was given and what would have been right."""
        with pytest.raises(ValueError, match=r"no digit 10: expected 0 to 9"):
            draw_digit(10, rng())
        with pytest.raises(ValueError, match=r"no style 'crossed' of 4: .*'open'"):
            draw_digit(4, rng(), style="crossed")

    def test_a_hand_keeps_its_ways(self) -> None:
        """Whatever writer chance gives, it has one known way for each digit."""
        hand = Hand.draw(rng(3))
        assert all(hand.styles[label] in STYLES[label] for label in range(10))
        assert hand(4, rng(), 50).shape[0] == pytest.approx(56, abs=6)


class TestPages:
    def test_truth_is_the_text_without_marks(self) -> None:
        """Lines are numbered from the top; points and commas are drawn but no part of the text."""
        page = write_lines(["12.50", "3 4", "5,6"], PageStyle(), Hand.draw(rng()), rng())
        assert page.truth == {"1": "1250", "2": "3 4", "3": "56"}

    def test_digits_stand_in_reading_order(self) -> None:
        """A page holds as many digits as its truth, in lines from the top; a blank is wide."""
        size = 40
        clean = Paper(blur_px=0, noise=0)
        style = PageStyle(900, 600, clean, digit_height_px=size, slope_deg=0)
        page = write_lines(["123 45", "67"], style, block, rng())
        found = sorted(blots(page.pixels), key=lambda b: (round(b[1] / size / 2), b[0]))
        tops = [b[1] for b in found]
        gaps = [found[i + 1][0] - found[i][0] - found[i][2] for i in range(4)]
        assert len(found) == 7
        assert max(tops[:5]) + size < min(tops[5:])
        assert gaps[2] > 0.8 * size
        assert max(gaps[0], gaps[1], gaps[3]) < 0.5 * size

    def test_marks_are_small_and_on_the_base_line(self) -> None:
        """A point is ink of its own, much smaller than a digit, at the digits' feet."""
        clean = Paper(blur_px=0, noise=0)
        style = PageStyle(600, 400, clean, digit_height_px=60, slope_deg=0)
        found = sorted(blots(write_lines(["1.2"], style, block, rng()).pixels))
        (_, top, _, height), (_, mark_top, _, mark_height), _ = found
        assert mark_height < 15
        assert mark_top > top + 0.7 * height

    def test_what_does_not_fit_is_refused(self) -> None:
        """Too many lines, or too long ones, are an error and never cut off in silence."""
        with pytest.raises(ValueError, match="do not fit in 300 px"):
            write_lines(["1"] * 9, PageStyle(900, 300), block, rng())
        with pytest.raises(ValueError, match="does not fit on a page 300 px wide"):
            write_lines(["1" * 30], PageStyle(300, 900), block, rng())

    def test_equal_seeds_give_equal_pages(self) -> None:
        """Everything on a page, flaws included, comes from the one generator."""
        style = PageStyle(500, 400, Paper(pen="pencil", shadow=0.3, skew_deg=1), "squared")
        pages = [write_lines(["907"], style, Hand.draw(rng(4)), rng(5)) for _ in range(2)]
        assert np.array_equal(pages[0].pixels, pages[1].pixels)

    @pytest.mark.parametrize(("pen", "channel"), [("red", 0), ("blue", 2)])
    def test_coloured_pens_are_coloured(self, pen: Literal["red", "blue"], channel: int) -> None:
        """The darkest places of a page have the pen's colour."""
        paper = Paper(pen=pen, noise=0)
        pixels = write_lines(["888"], PageStyle(600, 400, paper), block, rng()).pixels
        ink = pixels[pixels.min(axis=2) < 128]
        assert (ink.argmax(axis=1) == channel).all()

    def test_a_shadow_darkens_one_side(self) -> None:
        """A shadow takes light from the paper smoothly, the flat page keeps its brightness."""
        pixels = [
            write_lines([], PageStyle(400, 400, Paper(shadow=s)), block, rng()).pixels
            for s in (0.0, 0.5)
        ]
        corners = [[int(p[y, x].mean()) for y in (5, -6) for x in (5, -6)] for p in pixels]
        assert max(corners[0]) - min(corners[0]) < 15
        assert max(corners[1]) - min(corners[1]) > 80

    def test_random_lines_are_grouped(self) -> None:
        """Lines have the digits asked for, with a blank after each group."""
        lines = random_lines(rng(), 4, 10, group=4)
        assert [[len(part) for part in line.split(" ")] for line in lines] == [[4, 4, 2]] * 4
        assert all(line.replace(" ", "").isdigit() for line in lines)

    @pytest.mark.parametrize("kind", ["boxes", "comb", "line"])
    def test_zones_hold_all_that_was_written(self, kind: Literal["boxes", "comb", "line"]) -> None:
        """No ink of a field lies outside its zone; an empty field has a zone too."""
        fields = [
            FormField("code", "31415", 0.1, 0.3, 5, kind),
            FormField("total", "", 0.1, 0.7, 6, kind),
        ]
        style = PageStyle(800, 500, Paper(noise=0, print_colour=(220, 220, 250)))
        page = fill_form("", fields, style, block, rng())
        left, top, right, bottom = page.zones["code"]
        outside = page.pixels.copy()
        outside[int(top * 500) : int(bottom * 500) + 1, int(left * 800) : int(right * 800) + 1] = (
            255
        )
        assert len(blots(page.pixels)) == 5
        assert blots(outside) == []
        assert page.truth == {"code": "31415", "total": ""}
        assert set(page.zones) == {"code", "total"}

    def test_a_fax_has_two_levels(self) -> None:
        """What a fax sends is black or white, with the digits still there."""
        page = write_lines(["88"], PageStyle(500, 400), block, rng())
        sent = fax(page.pixels, rng(), specks=0)
        assert set(np.unique(sent)) == {0, 255}
        assert np.mean(sent == 0) == pytest.approx(np.mean(page.pixels.min(axis=2) < 128), rel=0.1)


class TestPdf:
    def test_a_scan_page_holds_its_scan(self) -> None:
        """The page has the scan's size on paper, and holds the JPEG as it was given."""
        buffer = BytesIO()
        Pil.new("RGB", (300, 150), (200, 30, 30)).save(buffer, "JPEG")
        data = write_pdf([ScanPage(buffer.getvalue(), 300, 150, dpi=150)])
        with pypdfium2.PdfDocument(data) as document:
            page = document[0]
            assert page.get_size() == (144, 72)
            assert page.render(scale=1).to_pil().getpixel((70, 30))[0] > 180
        assert buffer.getvalue() in data

    def test_strokes_stand_where_they_were_drawn(self) -> None:
        """Points count from the top left corner, as on every other page here."""
        stroke = np.array([[20.0, 10.0], [80.0, 10.0]])
        data = write_pdf([StrokePage([stroke], 100, 50, pen_pt=4)])
        with pypdfium2.PdfDocument(data) as document:
            pixels = np.asarray(document[0].render(scale=1).to_pil().convert("L"))
        rows, columns = np.nonzero(pixels < 128)
        assert (rows.min(), rows.max()) == (8, 11)
        assert (columns.min(), columns.max()) == pytest.approx((18, 81), abs=1)


@pytest.fixture(scope="module")
def drawn() -> list[SampleFile]:
    """The samples as the generator draws them now."""
    return make_samples()


class TestSamples:
    def test_drawn_twice_they_are_the_same(self, drawn: list[SampleFile]) -> None:
        """Drawing the samples again gives the same files, byte for byte."""
        assert make_samples() == drawn

    def test_the_committed_truth_is_what_is_drawn(self, drawn: list[SampleFile]) -> None:
        """samples/ holds every file that the generator makes, with this truth and these zones."""
        for sample in drawn:
            path = SAMPLES / sample.path
            assert path.is_file(), f"run `python -m digitbatch.synth samples`: no {path.name}"
            if path.suffix in (".json", ".yaml"):
                assert path.read_bytes() == sample.content

    def test_the_committed_pixels_are_what_is_drawn(self, drawn: list[SampleFile]) -> None:
        """Pages kept without loss equal those drawn now, up to how a processor rounds."""
        compared = 0
        for sample in drawn:
            if not sample.path.endswith((".png", ".tif")):
                continue
            with Pil.open(SAMPLES / sample.path) as kept, Pil.open(BytesIO(sample.content)) as new:
                for old, now in zip(
                    ImageSequence.Iterator(kept), ImageSequence.Iterator(new), strict=True
                ):
                    pair = [np.asarray(frame.convert("RGB"), np.int16) for frame in (old, now)]
                    assert np.mean(np.abs(pair[0] - pair[1]) > 2) < 0.001
                    compared += 1
        assert compared == 4

    def test_every_page_has_its_truth(self) -> None:
        """Each page of each file of samples/ stands in truth.json, and nothing else does."""
        pages = []
        for path in sorted(SAMPLES.rglob("*")):
            name = path.relative_to(SAMPLES).as_posix()
            if path.suffix == ".pdf":
                with pypdfium2.PdfDocument(path) as document:
                    pages += [f"{name}#{n + 1}" for n in range(len(document))]
            elif path.suffix in (".jpg", ".png", ".webp", ".tif"):
                with Pil.open(path) as image:
                    count = getattr(image, "n_frames", 1)
                pages += [f"{name}#{n + 1}" for n in range(count)]
        truth = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
        assert sorted(truth) == sorted(pages)

    def test_they_are_small(self) -> None:
        """A clone does not pay much for the samples."""
        assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) < 1_500_000


class TestLetters:
    @pytest.mark.parametrize("char", sorted(LETTERS))
    def test_every_letter_is_ink_of_a_letters_size(self, char: str) -> None:
        """A letter is as high as its model says, and lies where it stands on the line."""
        ink, top_px = draw_word(char, np.random.default_rng(3), 40.0, 4.0)
        spans = [y for glyph in LETTERS[char] for stroke in glyph for _, y in stroke]
        rows = np.flatnonzero(ink.max(axis=1) > 128) + top_px
        assert abs(rows[0] - 40 * min(spans)) < 9
        assert abs(rows[-1] - 40 * max(spans)) < 9

    def test_letters_of_a_word_stand_side_by_side(self) -> None:
        """A word is wider than its letters alone, and unknown letters are refused."""
        rng = np.random.default_rng(3)
        word, _ = draw_word("Marks", rng, 40.0, 4.0)
        letters = [draw_word(char, rng, 40.0, 4.0)[0].shape[1] - 8 for char in "Marks"]
        assert word.shape[1] > sum(letters) * 0.85
        with pytest.raises(ValueError, match="no model of '5'"):
            draw_word("A5", rng, 40.0, 4.0)
