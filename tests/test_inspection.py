"""What `digitbatch inspect` shows of a page beside its result: cuts, and ink that is not read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pil

from digitbatch.config import Config, Zone
from digitbatch.config.file import parse_config
from digitbatch.explain.considered import (
    considered_cuts,
    counted,
    groups_read,
    rejected_ink,
    unread_part,
)
from digitbatch.explain.cuts import cut_picture, cuts_as_text, rejected_picture
from digitbatch.explain.inspection import inspect_page
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_line_model, default_model
from digitbatch.page.connected_components import Reason, connected_components, sort_components
from digitbatch.page.preparation import applied_stages, is_reduced, prepare_sheet
from digitbatch.page.segments import tight_segment
from digitbatch.reading import PageTrace, read_page, trace_page
from digitbatch.stages.chain import op_of
from digitbatch.synth.pages import FormField, PageStyle, fill_form, write_lines
from digitbatch.synth.strokes import Hand
from digitbatch.text.lattice import build_lattice
from digitbatch.text.segmentation import oversegmented
from digitbatch.types import (
    Box,
    Crops,
    GroupAnswers,
    Image,
    InkMap,
    Networks,
    Page,
    PageRef,
    Probabilities,
)
from tests.fake_answers import Answer, Answers
from tests.fake_networks import FakeNetworks
from tests.made_units import decoded_unit
from tests.plain_hand import HAND

SIZE = 40


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


@pytest.fixture(scope="module")
def page() -> Page:
    """A line whose first two digits a stroke ties together, a speck, and a rest of a rule."""
    style = PageStyle(width_px=600, height_px=400, digit_height_px=44, spacing=0.4)
    pixels = write_lines(["25364"], style, HAND, np.random.default_rng(5)).pixels.copy()
    found = connected_components(np.asarray((pixels.min(axis=2) < 128) * 255, np.uint8))
    first, second = np.argsort(found.left)[:2]
    at = [
        (int(found.center_x[i]), int(found.top[i] + 0.9 * found.height[i])) for i in (first, second)
    ]
    cv2.line(pixels, at[0], at[1], 30, 3)
    pixels[330:336, 60:66] = 20
    pixels[350:354, 300:420] = 20
    return Page(PageRef("page.png", 1), pixels)


@pytest.fixture(scope="module")
def by_search(page: Page, networks: Networks) -> PageTrace:
    """How the page is read by cutting alone."""
    return trace_page(page, Config(), networks)


class TestCuts:
    def test_a_trace_has_the_result_of_a_run(
        self, page: Page, by_search: PageTrace, networks: Networks
    ) -> None:
        """Looking at a page changes nothing."""
        assert by_search.result == read_page(page, Config(), networks)

    def test_one_cut_between_two_digits_is_taken(self, by_search: PageTrace) -> None:
        """Of the cuts through two digits that touch, one is taken, and it lies between them."""
        unit = by_search.state.units[0]
        best = by_search.best_of(unit)
        cuts = considered_cuts(unit, best)
        taken = [cut for cut in cuts if cut.taken]
        places = best.places
        assert len(cuts) > len(taken) == 1
        assert sum(place.was_cut for place in places) == 2
        assert abs(taken[0].columns.mean() - places[0].segment.box.right) < 0.4 * SIZE

    def test_the_line_networks_word_takes_the_place_of_cuts(
        self, page: Page, networks: Networks
    ) -> None:
        """What it reads whole is marked as its own, and no cut there is taken."""
        trace = trace_page(
            page,
            Config(),
            FakeNetworks(networks.classify, lambda regions: Answers([Answer("25")] * len(regions))),
        )
        unit = trace.state.units[0]
        best = trace.best_of(unit)
        groups = [read for read in groups_read(unit, best) if read.taken is not None]
        digits = [read.taken.digits for read in groups if read.taken is not None]
        cuts = considered_cuts(unit, best)
        assert digits == [(2, 5)]
        assert len(groups[0].kept) == 2
        assert any(cut.searched for cut in cuts)
        assert not any(cut.taken for cut in cuts)

    @pytest.mark.parametrize("seed", [0, 1, 4, 43, 52])
    def test_a_cut_is_taken_where_no_digit_has_the_ink_on_both_sides(self, seed: int) -> None:
        """Also where a slanted cut leaves the part before it farther right than the one behind."""
        rng = np.random.default_rng(seed)
        hand, ink, left = Hand.draw(rng), np.zeros((90, 200), np.uint8), 10
        for digit in rng.integers(0, 10, 3):
            drawn = hand(int(digit), rng, 44.0)
            part = ink[15 : 15 + len(drawn), left : left + drawn.shape[1]]
            np.maximum(part, drawn, out=part)
            left += max(4, drawn.shape[1] - int(rng.integers(2, 12)))
        whole = tight_segment(ink, 0, 0)
        assert whole is not None
        lattice = build_lattice([whole], np.full((1, 11), 1 / 11, np.float32), 44.0)
        parts = oversegmented(whole, 44.0).parts
        at = [lattice.primitives.index(part) for part in parts]
        for way in range(10):
            ways = np.random.default_rng([seed, way])
            posteriors = ways.dirichlet(np.full(11, 0.15), len(lattice.candidates))
            unit = decoded_unit(lattice, np.asarray(posteriors, np.float32))
            cuts = considered_cuts(unit, unit.hypothesis)
            assert len(cuts) == len(parts) - 1
            spans = [range(*place.primitives) for place in unit.hypothesis.places]
            for cut, *sides in zip(cuts, at, at[1:], strict=False):
                held = [any(side in span for span in spans) for side in sides]
                together = any(all(side in span for side in sides) for span in spans)
                assert cut.taken == (any(held) and not together)

    def test_they_are_drawn_and_told(self, by_search: PageTrace) -> None:
        """The taken cut is red on the picture, those not taken blue; the text counts them."""
        rgb = cut_picture(by_search)[60:].reshape(-1, 3)  # below the legend
        for colour in ((215, 0, 0), (0, 170, 230)):
            assert (rgb == colour).all(axis=1).any()
        said = cuts_as_text(by_search, rejected_ink(by_search))
        unit = by_search.state.units[0]
        cuts = considered_cuts(unit, by_search.best_of(unit))
        assert f"cuts: {len(cuts)} considered, 1 taken" in said
        assert said.startswith('line-01: read "')


class TestRejected:
    @pytest.mark.parametrize(
        ("box", "reason"),
        [
            (Box(200, 200, 202, 202), Reason.TOO_SMALL),
            (Box(200, 100, 210, 290), Reason.TOO_LARGE),
            (Box(100, 200, 300, 206), Reason.FLAT),
            (Box(0, 200, 3, 212), Reason.EDGE),
        ],
    )
    def test_by_size_and_place(self, box: Box, reason: Reason) -> None:
        """Each component that is sorted out has the reason for which it was."""
        mask = np.zeros((400, 500), np.uint8)
        mask[box.top : box.bottom, box.left : box.right] = 255
        sorting = sort_components(connected_components(mask), SIZE, mask.shape)
        assert sorting.dropped() == {0: reason}

    def test_every_component_is_a_digit_a_fragment_or_dropped(self) -> None:
        """Whatever its shape, ink is used or has a reason."""
        rng = np.random.default_rng(3)
        for _ in range(200):
            mask = np.zeros((300, 500), np.uint8)
            width, height = (int(side) for side in np.exp(rng.uniform(0, 5.6, 2)))
            left, top = (int(at) for at in rng.integers(0, 200, 2))
            mask[top : top + height, left : left + width] = 255
            sorting = sort_components(connected_components(mask), SIZE, mask.shape)
            used = len(sorting.digits) + len(sorting.fragments)
            assert used + len(sorting.dropped()) == 1

    def test_ink_that_is_not_read_is_drawn_with_its_reason(self, by_search: PageTrace) -> None:
        """A speck far from the line and a rest of a rule are told of, and no digit is."""
        rejected = rejected_ink(by_search)
        assert counted(rejected) == {Reason.FLAT: 1, Reason.NO_LINE: 1}
        places = [place.segment.box for place in by_search.state.fields[0].hypothesis.places]
        assert not any(entry.box.top < place.bottom for entry in rejected for place in places)
        picture = rejected_picture(by_search, rejected)
        assert (picture[60:] == (0, 150, 150)).all(axis=2).any()

    def test_what_lies_outside_of_a_zone_is_no_other_zones_digit(
        self, page: Page, networks: Networks
    ) -> None:
        """Ink around a zone is told of as such, but for digits that another zone has read."""
        whole = Zone(name="all", box=(0.0, 0.0, 1.0, 0.6))
        half = Zone(name="half", box=(0.0, 0.0, 0.3, 0.6))
        alone = Config(fields=(half,))
        both = Config(fields=(half, whole))
        outside = [
            counted(rejected_ink(trace_page(page, config, networks))).get(Reason.OUTSIDE, 0)
            for config in (alone, both)
        ]
        assert outside[0] > 0
        assert outside[1] == 0

    def test_a_page_without_ink_has_pictures(self, networks: Networks) -> None:
        """Nothing to show is no error."""
        blank = Page(PageRef("blank.png", 1), np.full((200, 300), 250, np.uint8))
        trace = trace_page(blank, Config(), networks)
        rejected = rejected_ink(trace)
        assert rejected == []
        assert cut_picture(trace).ndim == rejected_picture(trace, rejected).ndim == 3
        assert cuts_as_text(trace, rejected) == "no ink\n"


class Counting:
    """Networks that note what they are asked about, crop by crop and strip by strip."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.asked: list[tuple[str, bytes]] = []

    @property
    def reads_strips(self) -> bool:
        """As the networks do."""
        return self.networks.reads_strips

    def classify(self, crops: Crops) -> Probabilities:
        """Noted."""
        self.asked += [("classify", crop.tobytes()) for crop in crops]
        return self.networks.classify(crops)

    def reconsider(self, crops: Crops, answers: Probabilities) -> Probabilities:
        """Noted."""
        self.asked += [("reconsider", crop.tobytes()) for crop in crops]
        return self.networks.reconsider(crops, answers)

    def read_strips(self, inks: Sequence[Image], *, reconsider: bool = False) -> GroupAnswers:
        """Noted."""
        self.asked += [(f"strips {reconsider}", ink.tobytes()) for ink in inks]
        return self.networks.read_strips(inks, reconsider=reconsider)

    @property
    def tells_ink(self) -> bool:
        """As the networks do."""
        return self.networks.tells_ink

    def ink_classes(self, pixels: Image) -> InkMap:
        """Noted."""
        self.asked.append(("ink", pixels.tobytes()))
        return self.networks.ink_classes(pixels)


def boxed_page() -> Image:
    """Two rows of boxes and a line, on a page so large that it would be halved without boxes."""
    fields = [
        FormField("a", "40526", 0.2, 0.1, 5),
        FormField("b", "71833", 0.2, 0.3, 5),
        FormField("line", "2064", 0.1, 0.6, 4, "line"),
    ]
    style = PageStyle(width_px=1600, height_px=1400, digit_height_px=70)
    return fill_form("", fields, style, HAND, np.random.default_rng(2)).pixels


ZONES = Config(fields=(Zone(name="all", box=(0.0, 0.0, 1.0, 0.6), check="luhn"),))


class TestAsOften:
    @pytest.fixture(scope="class", params=["lines", "boxes", "zones"])
    @classmethod
    def read(cls, request: pytest.FixtureRequest, page: Page) -> tuple[Page, Config]:
        """A page and its configuration."""
        if request.param == "boxes":
            return Page(PageRef("boxes.png", 1), boxed_page()), Config()
        return page, ZONES if request.param == "zones" else Config()

    @pytest.fixture(scope="class")
    @classmethod
    def both(cls) -> Networks:
        """The default weights, among them those of lines."""
        return open_networks(default_model(), default_line_model())

    def test_a_trace_asks_what_a_run_asks(self, read: tuple[Page, Config], both: Networks) -> None:
        """The same in the same order, and its pictures and texts ask nothing more."""
        run, looked = Counting(both), Counting(both)
        result = read_page(*read, run)
        trace = trace_page(*read, looked)
        assert trace.result == result
        assert looked.asked == run.asked
        assert {what.split()[0] for what, _ in run.asked} >= {"classify", "strips"}
        rejected = rejected_ink(trace)
        assert rejected_picture(trace, rejected).size
        assert cut_picture(trace).size
        assert cuts_as_text(trace, rejected)
        for unit in trace.state.units:
            for group in groups_read(unit, trace.best_of(unit)):
                unread_part(group)
        assert looked.asked == run.asked

    def test_inspect_asks_what_a_run_asks(
        self, read: tuple[Page, Config], both: Networks, tmp_path: Path
    ) -> None:
        """With all of its pictures on the disk."""
        own, config = read
        Pil.fromarray(own.pixels).save(tmp_path / "page.png")
        run, looked = Counting(both), Counting(both)
        result = read_page(replace(own, ref=PageRef("page.png", 1)), config, run)
        found, written = inspect_page(
            tmp_path / "page.png", 1, tmp_path / "pictures", config, looked
        )
        assert found.fields == result.fields
        assert looked.asked == run.asked
        assert all(path.is_file() for path in written)

    def test_no_strip_is_asked_about_twice(self, read: tuple[Page, Config], both: Networks) -> None:
        """However many passes want to know."""
        counting = Counting(both)
        read_page(*read, counting)
        strips = [asked for asked in counting.asked if asked[0].startswith("strips")]
        assert len(set(strips)) == len(strips) > 0


class TestStages:
    def test_a_picture_is_of_each_stage_that_the_page_went_through(
        self, networks: Networks
    ) -> None:
        """Boxes are found on a halved page, and then read on a whole one: that is what is shown."""
        page = Page(PageRef("boxes.png", 1), boxed_page())
        assert is_reduced(prepare_sheet(page, Config()))
        state = trace_page(page, Config(), networks).state
        assert state.boxes.rows
        assert not is_reduced(state.sheet)
        names = [name for name, _ in state.stages]
        assert names == [op_of(stage) for stage in applied_stages(Config(), whole=True)]
        assert np.array_equal(state.stages[-1][1], state.sheet.pixels)

    def test_a_stage_that_stands_twice_has_two_pictures(
        self, page: Page, networks: Networks
    ) -> None:
        """One after each."""
        ops = ("ink_levels", "hysteresis", "closing", "closing", "contours", "mnist_center")
        config = parse_config("stages:\n" + "".join(f"  - op: {op}\n" for op in ops))
        state = trace_page(page, config, networks).state
        assert [name for name, _ in state.stages] == list(ops[:4])
