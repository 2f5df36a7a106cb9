"""Printed words are found before anything is read, and numbers by hand are none."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.config import Config
from digitbatch.explain.considered import counted, rejected_ink
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.connected_components import Components, Reason, connected_components
from digitbatch.page.ink_classes import InkEvidence, by_height
from digitbatch.page.ink_classes.heuristic import find_words
from digitbatch.page.ink_classes.type_lines import levelled
from digitbatch.page.segments import Segment
from digitbatch.reading import trace_page
from digitbatch.reading.page_reader import PageTrace
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import Paper, expose
from digitbatch.synth.strokes import Hand
from digitbatch.types import CLASSES, OTHER, Image, Networks, Page, PageRef, Probabilities
from tests.fake_answers import Answer, Answers
from tests.fake_networks import FakeNetworks
from tests.plain_hand import HAND

TEXT = (
    "the goods listed below were delivered in good order",
    "and are charged as agreed please quote the number",
    "above with your payment within thirty days of this",
)


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def printed(lines: dict[int, str], size_px: float, shape: tuple[int, int] = (900, 1100)) -> Image:
    """Print, 255 on 0; each line begins at its height."""
    layer = Pil.new("L", shape[::-1])
    for top, text in lines.items():
        ImageDraw.Draw(layer).text((60, top), text, 255, ImageFont.load_default(size_px))
    return np.asarray(layer)


def written(text: str, left: int, foot: int, size_px: float, shape: tuple[int, int]) -> Image:
    """A number by hand, 255 on 0."""
    ink = np.zeros(shape, np.uint8)
    rng = np.random.default_rng(1)
    for place, char in enumerate(text):
        digit = HAND(int(char), rng, size_px * float(rng.normal(1, 0.04)))
        top = foot - len(digit) + round(float(rng.normal(0, 0.04)) * size_px)
        x = left + round(place * 0.95 * size_px)
        part = ink[top : top + digit.shape[0], x : x + digit.shape[1]]
        np.maximum(part, digit, out=part)
    return ink


def read(ink: Image, print_: Image, networks: Networks) -> PageTrace:
    """A page that holds both."""
    paper = Paper(print_colour=(40, 40, 40))
    page = Page(PageRef("a.png", 1), expose(ink, print_, paper, np.random.default_rng(0)))
    return trace_page(page, Config(), networks)


class TestText:
    def test_a_page_of_text_has_no_rows(self, networks: Networks) -> None:
        print_ = printed({100 + 60 * at: TEXT[at % 3] for at in range(12)}, 34)
        trace = read(np.zeros_like(print_), print_, networks)
        assert trace.state.words is not None
        assert trace.state.words.is_print.mean() > 0.97
        assert [entry.text for entry in trace.result.fields] == [""]

    def test_numbers_set_among_words_are_print(self, networks: Networks) -> None:
        lines = {100 + 60 * at: TEXT[at % 3] for at in range(9)} | {640: "in May 2024 of 118 goods"}
        print_ = printed(lines, 34)
        result = read(np.zeros_like(print_), print_, networks).result
        assert all(entry.status != "ok" for entry in result.fields)
        assert not any("2024" in entry.text for entry in result.fields)

    def test_inspect_names_words_as_the_reason(self, networks: Networks) -> None:
        print_ = printed({100 + 60 * at: TEXT[at % 3] for at in range(9)}, 34)
        trace = read(np.zeros_like(print_), print_, networks)
        assert counted(rejected_ink(trace))[Reason.WORDS] > 300

    def test_words_never_reach_the_line_network(self, networks: Networks) -> None:
        """It is the dearest way, and says digits of all that it is shown."""
        print_ = printed({100 + 50 * at: TEXT[at % 3] for at in range(15)}, 30)
        asked: list[int] = []

        def read_groups(regions: Sequence[Image]) -> Answers:
            asked.append(len(regions))
            return Answers(Answer("1") for _ in regions)

        read(np.zeros_like(print_), print_, FakeNetworks(networks.classify, read_groups))
        assert sum(asked) == 0


class TestNumbersByHand:
    def test_one_on_a_level_of_its_own_is_read(self, networks: Networks) -> None:
        """Much higher than the print, which no longer says how high the page's digits are."""
        lines = {40 + 60 * at: TEXT[at % 3] for at in range(12) if at not in (5, 6)}
        print_ = printed(lines, 30)
        ink = written("7305264", 200, 445, 80, print_.shape)
        rows = read(ink, print_, networks).result.fields
        assert [entry.text for entry in rows] == ["7305264"]

    def test_one_behind_its_label_is_read(self, networks: Networks) -> None:
        lines = {100 + 60 * at: TEXT[at % 3] for at in range(9)} | {700: "Invoice number"}
        print_ = printed(lines, 30)
        ink = written("730526", 420, 730, 70, print_.shape)
        rows = read(ink, print_, networks).result.fields
        assert [entry.text for entry in rows] == ["730526"]

    def test_one_as_high_as_the_print_beside_it_is_for_review(self, networks: Networks) -> None:
        lines = {100 + 60 * at: TEXT[at % 3] for at in range(9)} | {700: "Invoice number"}
        print_ = printed(lines, 40)
        ink = written("730526", 480, 738, 32, print_.shape)
        rows = [e for e in read(ink, print_, networks).result.fields if e.text]
        assert [(entry.text, entry.status) for entry in rows] == [("730526", "review")]
        assert "may be print" in rows[0].message

    @pytest.mark.parametrize("height_px", [16, 24, 46])
    @pytest.mark.parametrize("spacing", [-0.08, 0.02, 0.25])
    def test_lines_by_hand_are_no_words(
        self, networks: Networks, height_px: float, spacing: float
    ) -> None:
        """Neither where digits touch, nor where they are so low that all stand even."""
        for seed in range(3):
            rng = np.random.default_rng(seed)
            texts = ["".join(map(str, rng.integers(0, 10, 12))) for _ in range(10)]
            style = PageStyle(
                digit_height_px=height_px, spacing=spacing, width_px=900, height_px=1100,
                slope_deg=0.0,
            )  # fmt: skip
            page = write_lines(texts, style, Hand.draw(rng), rng)
            trace = trace_page(Page(PageRef("a.png", 1), page.pixels), Config(), networks)
            assert trace.state.words is not None
            assert not trace.state.words.is_print.any()


def boxes(rows: list[tuple[int, int, int, int]]) -> Components:
    """Components that fill their boxes: left, top, width, height."""
    mask = np.zeros((1000, 1200), np.uint8)
    for left, top, width, height in rows:
        mask[top : top + height, left : left + width] = 255
    return connected_components(mask)


class TestLevels:
    def test_heads_on_two_levels_are_type(self) -> None:
        """Eight letters as high as an x and four as high as a capital, one with a tail."""
        heights = [20, 28, 20, 20, 28, 20, 20, 28, 20, 28, 20, 20]
        own = [(30 * at, 200 - high, 18, high) for at, high in enumerate(heights)]
        own[2] = (60, 180, 18, 27)
        components = boxes(own)
        order = np.argsort(components.left)
        (line,) = levelled(components, [order])
        assert line.size is not None
        assert line.size == pytest.approx((20, 28), abs=0.5)

    def test_heads_on_one_level_are_none(self) -> None:
        components = boxes([(30 * at, 180, 18, 20) for at in range(12)])
        (line,) = levelled(components, [np.argsort(components.left)])
        assert line.size is None

    def test_uneven_feet_are_none(self) -> None:
        rng = np.random.default_rng(0)
        own = [
            (30 * at, 180 - int(rng.integers(0, 9)) * (at % 2), 18, 20 + int(rng.integers(0, 9)))
            for at in range(12)
        ]
        components = boxes(own)
        (line,) = levelled(components, [np.argsort(components.left)])
        assert line.size is None

    def test_what_the_network_knows_as_digits_is_no_word(self) -> None:
        """However much it stands as letters do."""
        heights = [20, 28, 20, 20, 28, 20, 20, 28, 20, 28, 20, 20] * 2
        components = boxes([(30 * at, 200 - high, 18, high) for at, high in enumerate(heights)])
        for label, is_word in ((3, False), (OTHER, True)):

            def ask(segments: Sequence[Segment], label: int = label) -> Probabilities:
                return np.eye(len(CLASSES), dtype=np.float32)[[label] * len(segments)]

            words = find_words(components.mask, lambda found: np.ones(len(found), np.bool_), ask)
            assert (words.is_print == is_word).all(), label


def test_ink_much_higher_than_words_is_read_apart() -> None:
    """Six digits 70 px high, a printed number 24 px high; a bar beside a digit is part of it."""
    high = [(100 + 60 * at, 100, 40, 70) for at in range(6)]
    low = [(100 + 24 * at, 300, 16, 24) for at in range(5)]
    bar = [(462, 100, 10, 8)]
    components = boxes([*high, *low, *bar])
    none = np.zeros(len(components), np.bool_)
    line = components.box(0)
    words = InkEvidence.with_print(components, none, (line,), capital_px=24)
    print_, hand = by_height(words, ~none)
    assert sorted(components.height[hand].tolist()) == [8, *[70] * 6]
    assert components.height[print_].tolist() == [24] * 5
    assert len(by_height(InkEvidence.with_print(components, none), ~none)) == 1


def test_a_number_on_a_short_rule_is_read(networks: Networks) -> None:
    """The rule ties its digits, and is too short to be one of the page."""
    lines = {100 + 60 * at: TEXT[at % 3] for at in range(9)} | {700: "Invoice number"}
    print_ = printed(lines, 30).copy()
    print_[727:731, 410:690] = 255
    ink = written("7305", 420, 730, 60, print_.shape)
    rows = read(ink, print_, networks).result.fields
    assert [entry.text for entry in rows] == ["7305"]


def test_short_strokes_are_no_rules(networks: Networks) -> None:
    """Nothing is taken from a page that holds no words."""
    blank = np.zeros((900, 1100), np.uint8)
    trace = read(written("730526", 420, 730, 60, blank.shape), blank, networks)
    assert trace.state.words is not None
    assert trace.state.words.components.mask is trace.state.sheet.pixels
