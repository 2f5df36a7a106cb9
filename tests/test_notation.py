"""How numbers and dates are written: what their marks and signs say, on paper and in the text."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.config import Config, Zone
from digitbatch.constraints import FieldConstraint
from digitbatch.networks.runtime import open_networks
from digitbatch.notation import as_date, digits_behind
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment
from digitbatch.page.signs import broken_foot, has_fraction, is_struck_out
from digitbatch.reading import read_page
from digitbatch.synth.notations import NotedPage, Writing, noted_pages
from digitbatch.types import Box, FieldResult, Image, Networks, Page, PageRef
from tests.plain_hand import HAND

SIZE = 48


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def written(text: str, seed: int = 5) -> Image:
    """(H, W, 3) uint8 a page with one number, in a plain hand."""
    ink = np.zeros((160, 640), np.uint8)
    Writing(ink, HAND, np.random.default_rng(seed), SIZE, 50.0, 110.0).write(text)
    return np.repeat(255 - ink[..., None], 3, axis=2)


def read(text: str, networks: Networks, **keys: object) -> FieldResult:
    """What is read of it, by a zone with these keys."""
    zone = Zone.model_validate({"name": "a", "box": (0.02, 0.05, 0.98, 0.95)} | keys)
    page = Page(PageRef("made.png", 1), np.ascontiguousarray(written(text)))
    return read_page(page, Config(fields=(zone,)), networks).fields[0]


class TestDates:
    @pytest.mark.parametrize(
        ("order", "groups", "said"),
        [
            ("dmy", ["12", "3", "24"], "2024-03-12"),
            ("mdy", ["12", "3", "1924"], "1924-12-03"),
            ("ymd", ["2024", "02", "29"], "2024-02-29"),
            ("dmy", ["12032024"], "2024-03-12"),
            ("ymd", ["690228"], "1969-02-28"),
            ("dmy", ["010168"], "2068-01-01"),
        ],
    )
    def test_parts_in_their_order(self, order: str, groups: list[str], said: str) -> None:
        """Years of two digits: 69 to 99 are of the 1900s, the others of the 2000s."""
        assert as_date(order, groups) == date.fromisoformat(said)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "groups",
        [["31", "4", "24"], ["29", "2", "2023"], ["0", "1", "24"], ["1", "1"], ["1", "1", "202"],
         ["1132024"], ["123", "1", "2024"]],
    )  # fmt: skip
    def test_what_is_no_day_of_any_year_is_none(self, groups: list[str]) -> None:
        """Nor is what leaves open which digit is of which part."""
        assert as_date("dmy", groups) is None

    @pytest.mark.parametrize("text", ["24/12/2023", "24-12-2023", "24.12.2023", "24122023"])
    def test_text_is_iso_whatever_parts_it(self, text: str, networks: Networks) -> None:
        """And it needs no person."""
        found = read(text, networks, date="dmy")
        assert (found.text, found.status) == ("2023-12-24", "ok")

    def test_an_impossible_date_is_refused(self, networks: Networks) -> None:
        """Its parts are as they are written."""
        found = read("24/13/2023", networks, date="dmy")
        assert (found.text, found.status) == ("24/13/2023", "review")
        assert "dates dmy" in found.message

    def test_constraints_know_the_parts(self) -> None:
        """11/12/024 is none, though its digits are one."""
        rule = FieldConstraint(date="dmy", lengths=(2, 2, 4))
        assert not rule.broken("24122023")
        assert rule.broken("24132023")
        assert rule.broken("2412023")


class TestAmounts:
    @pytest.mark.parametrize(
        ("count", "marks", "decimals", "behind"),
        [
            (4, [], 2, 0),
            (4, [2], 2, 2),
            (5, [2], 2, 0),  # 25,000
            (7, [1, 4], 2, 0),
            (9, [1, 4, 7], 2, 2),
            (7, [2, 4], 2, 0),  # 25,00,000
            (3, [2], 2, None),
            (5, [1], 2, None),
            (8, [2, 6], 2, None),
            (6, [4], 0, None),
            (6, [3], 0, 0),
        ],
    )
    def test_marks_part_thousands_or_decimals_by_their_place(
        self, count: int, marks: list[int], decimals: int, behind: int | None
    ) -> None:
        """What no place explains is for a person."""
        assert digits_behind(count, marks, decimals) == behind

    @given(st.integers(0, 10**9), st.integers(0, 2))
    def test_a_number_with_thousands_is_itself(self, whole: int, decimals: int) -> None:
        """Whichever marks part it."""
        text = f"{whole:,}" + (f".{'5' * decimals}" if decimals else "")
        digits = [char.isdigit() for char in text]
        marks = [sum(digits[:at]) for at, is_digit in enumerate(digits) if not is_digit]
        assert digits_behind(sum(digits), marks, decimals) == decimals

    @pytest.mark.parametrize(
        ("text", "keys", "said"),
        [
            ("25,000/-", {"decimals": 2, "signs": ["strokes"]}, "25000"),
            ("25,346.57", {"decimals": 2}, "25346.57"),
            ("-43.5", {"decimals": "keep", "signs": ["minus"]}, "-43.5"),
            ("43.5", {"decimals": "keep", "signs": ["minus"]}, "43.5"),
            ("-43", {"signs": ["minus"], "range": [-50, 0]}, "-43"),
        ],
    )
    def test_signs_that_a_zone_may_have_need_no_person(
        self, text: str, keys: dict[str, object], said: str, networks: Networks
    ) -> None:
        """The text keeps the minus and the point."""
        found = read(text, networks, **keys)
        assert (found.text, found.status) == (said, "ok")

    @pytest.mark.parametrize("text", ["25,000/-", "-43.5"])
    def test_signs_of_which_nothing_is_said_do(self, text: str, networks: Networks) -> None:
        """As ever."""
        assert read(text, networks, decimals=2).status == "review"

    def test_a_range_is_of_the_number_with_its_minus(self, networks: Networks) -> None:
        """-43 is below 0."""
        found = read("-43", networks, signs=["minus"], range=[-10, 50])
        assert found.status == "review"

    def test_marks_that_part_nothing_are_for_a_person(self, networks: Networks) -> None:
        """Of 1,2435 nobody knows what it is."""
        assert read("1,2435", networks, decimals=2).status == "review"


def stroke(left: int, top: int, width: int, height: int) -> Segment:
    """Full ink."""
    return Segment(
        np.full((height, width), 255, np.uint8), Box(left, top, left + width, top + height)
    )


class TestNoNumbers:
    def test_a_point_at_the_foot_of_a_short_digit_may_be_a_piece_of_it(self) -> None:
        """Under a digit that ends on the line it is a point."""
        line = [stroke(0, 0, 20, 40), stroke(30, 0, 8, 30), stroke(50, 0, 20, 40)]
        point = stroke(28, 35, 5, 5)
        assert broken_foot(line, [point], 40.0) == 1
        assert broken_foot([line[0], stroke(30, 0, 8, 40), line[2]], [point], 40.0) is None
        assert broken_foot(line, [stroke(72, 35, 5, 5)], 40.0) is None

    def test_a_number_above_another_is_a_fraction(self) -> None:
        """With a stroke between them; without one it is none."""
        line = [stroke(0, 0, 24, 40), stroke(30, 0, 12, 18), stroke(30, 24, 12, 18)]
        assert not has_fraction(line, 40.0)
        assert has_fraction([*line, stroke(28, 20, 18, 3)], 40.0)

    def test_a_digit_with_a_stroke_through_it_is_struck_out(self) -> None:
        """It goes beyond the digit to both sides."""
        plain = np.zeros((40, 40), np.uint8)
        plain[:, 14:26] = 255
        assert not is_struck_out(Segment(plain[:, 14:26], Box(0, 0, 12, 40)))
        plain[18:22] = 255
        assert is_struck_out(Segment(plain, Box(0, 0, 40, 40)))

    @pytest.mark.parametrize("text", ["2[1|4]", "6[1|2]", "8[3_4]"])
    def test_fractions_are_not_accepted(self, text: str, networks: Networks) -> None:
        """Whatever digits are in them."""
        assert read(text, networks).status == "review"


def test_made_pages_are_the_same_for_the_same_seed() -> None:
    """All chance comes from the generator that is given."""

    def made(seed: int) -> NotedPage:
        return next(noted_pages("amounts", np.random.default_rng(seed), HAND))

    assert np.array_equal(made(4).pixels, made(4).pixels)
    assert [one.written for one in made(4).fields] != [one.written for one in made(5).fields]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"date": "dmy", "decimals": 2}, "a date has no decimals"),
        ({"range": [-5, 5]}, "signs: [minus]"),
        ({"decimals": 3}, "expected one of ignore, keep, 0, 1, 2"),
        ({"decimals": True}, "expected one of ignore, keep, 0, 1, 2"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(keys: dict[str, object], said: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        Zone.model_validate({"name": "a", "box": (0, 0, 1, 1)} | keys)
