"""What `digitbatch inspect` shows of a page beside its result: cuts, and ink that is not read."""

import cv2
import numpy as np
import pytest

from digitbatch.config import Config, Zone
from digitbatch.explain.considered import considered_cuts, groups_read
from digitbatch.explain.cut_pictures import cut_picture, rejected_picture
from digitbatch.explain.cut_text import cuts_as_text
from digitbatch.explain.rejected import counted, rejected_ink
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.connected_components import Reason, connected_components, sort_components
from digitbatch.reading import PageTrace, read_page, trace_page
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.types import Box, Networks, Page, PageRef
from tests.fake_answers import Answer, Answers
from tests.fake_networks import FakeNetworks
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
