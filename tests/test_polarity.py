"""Pages of light ink on dark are inverted, and no other page is."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.config import Config
from digitbatch.imaging.polarity import is_light_on_dark
from digitbatch.networks.runtime import open_networks
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.packaged import default_line_model, default_model
from digitbatch.reading import read_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.types import Image, Networks, Page, PageRef, PageResult
from tests.plain_hand import HAND

LISTS = (["4096", "273588", "120774"], ["90 41 72", "6453"], ["7"], ["3"])
SHORT = st.integers(150, 900)  # px, of a page's shorter side


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model(), default_line_model())


def written(texts: list[str], seed: int = 5) -> Image:
    """Dark digits on light paper."""
    style = PageStyle(
        width_px=200 + 75 * max(map(len, texts)),
        height_px=90 * len(texts) + 200,
        digit_height_px=44,
        spacing=0.4,
    )
    return write_lines(texts, style, HAND, np.random.default_rng(seed)).pixels


def at_levels(page: Image, paper: int, ink: int) -> Image:
    """A page whose white becomes one level, and its black another."""
    return np.asarray(np.round(ink + (paper - ink) * (page / 255.0)), np.uint8)


def read(networks: Networks, pixels: Image, without: frozenset[str] = frozenset()) -> PageResult:
    """A page, read as `run` reads it."""
    page = Page(PageRef("page.png", 1), np.ascontiguousarray(pixels))
    return read_page(page, Config(), networks, without=without)


def blank(short: int, ratio: float, level: int) -> Image:
    """A page of one level, upright."""
    return np.full((round(short * ratio), short), level, np.uint8)


def with_digits(page: Image, ink: int) -> Image:
    """The same, with a line of digits across it."""
    height, width = page.shape
    found = page.copy()
    scale = width / 150
    at = (round(0.08 * width), round(0.6 * height))
    thick = max(2, round(width / 60))
    cv2.putText(found, "40529", at, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick)
    return found


class TestInverted:
    @pytest.mark.parametrize("texts", LISTS, ids=" ".join)
    def test_white_on_black_reads_as_its_original(
        self, networks: Networks, texts: list[str]
    ) -> None:
        """Texts, confidence, status and boxes are the same; the result says that it was dark."""
        original = written(texts)
        light, dark = read(networks, original), read(networks, 255 - original)
        assert [field.text.replace(" ", "") for field in light.fields] == [
            text.replace(" ", "") for text in texts
        ]
        assert dark.fields == light.fields
        assert (light.is_inverted, dark.is_inverted) == (False, True)

    @pytest.mark.parametrize(("paper", "ink"), [(45, 220), (70, 200), (0, 160)])
    def test_chalk_reads_as_pen(self, networks: Networks, paper: int, ink: int) -> None:
        """A board is not black, nor chalk white: the texts are those of pen on paper."""
        original = written(LISTS[0])
        light, dark = read(networks, original), read(networks, at_levels(original, paper, ink))
        assert dark.is_inverted
        assert [field.text for field in dark.fields] == [field.text for field in light.fields]

    def test_no_other_page_says_so(self, networks: Networks) -> None:
        """Nor does a dark one that the pass was not asked about."""
        dark = 255 - written(LISTS[0])
        assert not read(networks, dark, frozenset({"polarity"})).is_inverted

    @given(SHORT, st.floats(0.5, 1.6), st.integers(0, 90), st.integers(100, 160), st.booleans())
    @settings(max_examples=60, deadline=None)
    def test_of_any_size_and_levels(
        self, short: int, ratio: float, paper: int, lighter: int, coloured: bool
    ) -> None:
        """Dark paper and lighter strokes, in grey or in colour; what is dark on light is not."""
        dark = with_digits(blank(short, ratio, paper), paper + lighter)
        assert is_light_on_dark(np.dstack([dark] * 3) if coloured else dark)
        assert not is_light_on_dark(255 - dark)


class TestNotInverted:
    @given(
        SHORT, st.floats(0.7, 1.6), st.integers(0, 90), st.integers(170, 255), st.floats(0.3, 0.9),
        st.booleans(),
    )  # fmt: skip
    @settings(max_examples=60, deadline=None)
    def test_a_sheet_on_a_dark_desk(
        self, short: int, ratio: float, desk: int, paper: int, part: float, is_written: bool
    ) -> None:
        """It is light and no stroke, large or small."""
        page = blank(short, ratio, desk)
        height, width = (round(part * side) for side in page.shape)
        sheet = np.full((height, width), paper, np.uint8)
        top, left = (page.shape[0] - height) // 2, (page.shape[1] - width) // 3
        page[top : top + height, left : left + width] = (
            with_digits(sheet, 20) if is_written else sheet
        )
        assert not is_light_on_dark(page)

    @given(SHORT, st.floats(0.7, 1.6), st.floats(0.01, 0.2), st.sets(st.integers(0, 3), min_size=1))
    @settings(max_examples=60, deadline=None)
    def test_a_scanners_dark_border(
        self, short: int, ratio: float, part: float, sides: set[int]
    ) -> None:
        """The margins are dark, the page is light."""
        page = with_digits(blank(short, ratio, 245), 30)
        wide = max(1, round(part * min(page.shape)))
        edges = (page[:wide], page[-wide:], page[:, :wide], page[:, -wide:])
        for side in sides:
            edges[side][:] = 5
        assert not is_light_on_dark(page)

    @given(
        SHORT, st.floats(0.7, 1.6), st.integers(60, 130), st.integers(0, 50), st.floats(0.4, 1)
    )  # fmt: skip
    @settings(max_examples=60, deadline=None)
    def test_a_dim_photo(self, short: int, ratio: float, paper: int, ink: int, fall: float) -> None:
        """However dark the paper, also on one side, its ink is darker."""
        page = with_digits(blank(short, ratio, paper), min(ink, paper - 20))
        lit = np.linspace(1, fall, page.shape[1])
        assert not is_light_on_dark(np.asarray(page * lit, np.uint8))

    @given(SHORT, st.floats(0.2, 5), st.integers(0, 255), st.integers(0, 255))
    @settings(max_examples=60, deadline=None)
    def test_a_page_that_is_all_but_empty(
        self, short: int, ratio: float, level: int, speck: int
    ) -> None:
        """Black, white or grey, with nothing or with a speck on it."""
        page = blank(short, ratio, level)
        assert not is_light_on_dark(page)
        page[page.shape[0] // 2, short // 2] = speck
        assert not is_light_on_dark(page)

    @given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 255))
    @settings(max_examples=30, deadline=None)
    def test_a_page_of_a_few_pixels(self, height: int, width: int, level: int) -> None:
        """It is looked at, too."""
        assert not is_light_on_dark(np.full((height, width), level, np.uint8))

    @given(st.floats(0.7, 1), st.floats(-40, 40), st.floats(0, 0.15), st.integers(2, 3))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_a_sheet_full_of_writing_that_lies_askew(
        self, part: float, turned_deg: float, narrower: float, lines: int
    ) -> None:
        """Nowhere is it bare over the width of a stroke, and it is no upright rectangle."""
        sheet = np.vstack([with_digits(blank(450, 0.4, 230), 20)] * lines)
        height, width = sheet.shape
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        middle = corners - (width / 2, height / 2)
        middle[:2, 0] *= 1 - narrower
        cos, sin = np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg))
        lying = np.asarray(part * middle @ [[cos, sin], [-sin, cos]] + 450, np.float32)
        seen = cv2.getPerspectiveTransform(corners, lying)
        page = cv2.warpPerspective(sheet, seen, (900, 900), borderValue=(25,))
        assert not is_light_on_dark(np.asarray(page, np.uint8))

    @pytest.mark.parametrize("digit", range(10))
    def test_a_thick_digit_alone_is_no_sheet(self, digit: int) -> None:
        """Light digits that fill their page, a 0 and a 1 too, are strokes."""
        for seed in range(6):
            hand = replace(HAND, pen=0.08 + 0.01 * seed)
            pixels = hand(digit, np.random.default_rng(seed), 150.0)
            page = np.zeros((200, 200), np.uint8)
            page[20 : 20 + pixels.shape[0], 30 : 30 + pixels.shape[1]] = pixels
            assert is_light_on_dark(page), seed

    def test_a_table_in_chalk_is_no_sheet(self) -> None:
        """A frame encloses mostly board."""
        page = with_digits(blank(500, 0.8, 30), 220)
        cv2.rectangle(page, (20, 20), (480, 380), 220, 6)
        cv2.line(page, (20, 300), (480, 300), 220, 6)
        assert is_light_on_dark(page)

    def test_dark_words_beside_light_ones(self) -> None:
        """Grey paper with ink lighter and darker than it is no blackboard."""
        page = with_digits(blank(400, 1.0, 100), 250)
        assert is_light_on_dark(page)
        page[300:] = with_digits(blank(400, 0.25, 100), 0)
        assert not is_light_on_dark(page)

    def test_a_dim_photo_of_a_list_is_read_as_it_is(self, networks: Networks) -> None:
        """Paper of level 90 and ink of 30 give the texts of white paper."""
        original = written(LISTS[0])
        dim = read(networks, at_levels(original, 90, 30))
        assert not dim.is_inverted
        assert [field.text for field in dim.fields] == list(LISTS[0])


class TestTold:
    def test_json_says_it_of_dark_pages_alone(self, networks: Networks) -> None:
        """The key is there where it is true, and is read back."""
        original = written(["4096"])
        light, dark = (page_to_json(read(networks, own)) for own in (original, 255 - original))
        assert "inverted" not in light
        assert dark["inverted"] is True
        kept = json.loads(json.dumps([light, dark]))
        assert [page_from_json(page).is_inverted for page in kept] == [False, True]

    def test_it_is_true_or_not_there(self, networks: Networks) -> None:
        """What is no truth value is no page of ours."""
        page = page_to_json(read(networks, written(["4096"])))
        with pytest.raises(ValueError, match="expected bool"):
            page_from_json(page | {"inverted": "yes"})
