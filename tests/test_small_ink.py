"""Small ink: raised decimal points; and ink that stands within other ink."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment
from digitbatch.page.small_ink import encircled, is_point
from digitbatch.types import Box, Networks
from tests.made_tables import Table, TableStyle, read_zones

SIZE = 40.0
STYLE = TableStyle(digit=36)


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def block(left: int, top: int, width: int, height: int) -> Segment:
    """Full ink."""
    return Segment(
        np.full((height, width), 255, np.uint8), Box(left, top, left + width, top + height)
    )


def ring(left: int, top: int, size: int, *, gap: slice = slice(0, 0)) -> Segment:
    """A circle; `gap`: rows of it that are blank."""
    ink = np.zeros((size, size), np.uint8)
    cv2.circle(ink, (size // 2, size // 2), size // 2 - 2, 255, 3)
    ink[gap] = 0
    return Segment(ink, Box(left, top, left + size, top + size))


class TestRaisedPoint:
    LINE = (block(0, 0, 20, 40), block(40, 0, 20, 40))

    @given(st.integers(8, 34), st.integers(4, 6), st.integers(4, 6))
    def test_where_one_is_expected_it_may_stand_at_half_height(
        self, up: int, wide: int, high: int
    ) -> None:
        """Else only a point on the baseline is one."""
        point = block(28, 40 - up, wide, high)
        middle = up - high / 2
        line = (*self.LINE, point)
        assert is_point(point, line, SIZE, is_decimal=True) is (middle <= 0.8 * SIZE)
        assert is_point(point, line, SIZE) is (middle <= 0.3 * SIZE)

    @pytest.mark.parametrize("wide", [2, 3])
    def test_a_short_stroke_at_half_height_is_no_point(self, wide: int) -> None:
        """It may be a small 1."""
        stroke = block(28, 14, wide, 12)
        assert not is_point(stroke, (*self.LINE, stroke), SIZE, is_decimal=True)

    @pytest.mark.parametrize("up", [0.0, 0.3, 0.5])
    @pytest.mark.parametrize(("decimals", "text"), [("ignore", "396"), ("keep", "3.96")])
    def test_a_number_with_one_is_read_as_the_zone_says(
        self, up: float, decimals: str, text: str, networks: Networks
    ) -> None:
        """Where nothing is said of points a person looks."""
        table = Table(STYLE)
        cell = table.cell(1, 1)
        end = table.write("3", 1, 1, at=0.2)
        foot = (cell.top + cell.bottom + STYLE.digit) // 2
        cv2.circle(table.ink, (end + 8, foot - 3 - round(up * STYLE.digit)), 3, 255, -1)
        table.write("96", 1, 1, at=(end + 15 - cell.left) / cell.width)
        zones = [table.zone(1, 1, decimals=decimals), table.zone(1, 1, name="plain")]
        told, plain = read_zones(table.scan(), zones, networks)
        assert (told.text, told.status) == (text, "ok")
        assert plain.status == "review"


class TestEncircled:
    @given(st.integers(10, 22), st.integers(4, 12))
    def test_ink_in_a_circle_is(self, high: int, wide: int) -> None:
        """Which of the two comes first tells nothing."""
        outer, inner = ring(0, 0, 44), block(22 - wide // 2, 22 - high // 2, wide, high)
        is_large = max(high, wide) >= 0.3 * SIZE
        assert encircled([outer, inner], SIZE) is is_large
        assert encircled([inner, outer], SIZE) is is_large

    def test_a_piece_in_the_corner_of_a_digits_box_is_not(self) -> None:
        """The rest of a base that a line parted: nothing of the digit is below it."""
        open_below = ring(0, 0, 44, gap=slice(30, 44))
        assert not encircled([open_below, block(12, 26, 16, 10)], SIZE)
        assert not encircled([ring(0, 0, 44), block(60, 10, 10, 24)], SIZE)

    @pytest.mark.parametrize("radius", [24, 27, 30])
    @pytest.mark.parametrize("text", ["1", "7"])
    def test_an_encircled_digit_is_not_accepted(
        self, radius: int, text: str, networks: Networks
    ) -> None:
        """A 1 in a circle is read as 0: the circle is one."""
        table = Table(TableStyle(digit=30))
        table.write(text, 1, 1, at=0.45)
        ys, xs = np.nonzero(table.ink)
        middle = int(xs.min() + xs.max()) // 2, int(ys.min() + ys.max()) // 2
        cv2.circle(table.ink, middle, radius, 255, 3)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert found.status == "review"
        assert ReviewReason.ENCIRCLED.code in found.reasons
