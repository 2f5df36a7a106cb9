"""Zones over the cells of a printed table: its lines bound them, and are read as no digits."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.forms.table_lines import Cell, bounded
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image, Networks
from tests.made_tables import Table, TableStyle, read_zones

LEFT, TOP, RIGHT, BOTTOM = 200, 100, 400, 170
STYLE = TableStyle(digit=36)


def line(at: int, first: int = 20, last: int = 580) -> Rule:
    """A straight line at a height, or across the page at a place."""
    return Rule(first, last, np.array([0.0, 0.0, float(at)]))


def paper(*blocks: tuple[int, int, int, int]) -> Image:
    """Ink on a page: left, top, right, bottom."""
    page = np.zeros((300, 600), np.uint8)
    for left, top, right, bottom in blocks:
        page[top:bottom, left:right] = 255
    return page


def in_cell(zone: tuple[float, float, float, float], *ink: tuple[int, int, int, int]) -> Cell:
    """A zone in a row of a table, the middle one of whose cells is LEFT, TOP, RIGHT, BOTTOM."""
    rows = [line(TOP - 70), line(TOP), line(BOTTOM), line(BOTTOM + 70)]
    columns = [line(at, 10, 280) for at in (LEFT - 180, LEFT, RIGHT, RIGHT + 180)]
    return bounded(zone, rows, columns, paper(*ink))


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


off = st.floats(-0.08, 0.08)


class TestBounded:
    @given(off, off, off, off)
    def test_on_in_or_around_a_cell_a_zone_is_the_cell(
        self, left: float, top: float, right: float, bottom: float
    ) -> None:
        """Each of its edges by itself; and the cell, drawn as a zone, is itself."""
        wide, high = RIGHT - LEFT, BOTTOM - TOP
        zone = (LEFT + left * wide, TOP + top * high, RIGHT + right * wide, BOTTOM + bottom * high)
        found = in_cell(zone)
        assert found == Cell((LEFT + 1, TOP + 1, RIGHT - 1, BOTTOM - 1), False, True)
        assert in_cell(found.edges) == found

    @given(
        st.floats(0, 500), st.floats(0, 200), st.floats(40, 300), st.floats(30, 90),
        st.lists(st.integers(0, 599), max_size=8), st.lists(st.integers(0, 299), max_size=6),
    )  # fmt: skip
    def test_a_zone_moves_to_lines_near_it_only(
        self, left: float, top: float, wide: float, high: float, walls: list[int], rows: list[int]
    ) -> None:
        """It grows by less than a third of its height, and most of it is always left."""
        zone = (left, top, left + wide, top + high)
        columns = [line(at, 0, 299) for at in walls]
        found = bounded(zone, [line(at, 0, 599) for at in rows], columns, paper()).edges
        grown = np.subtract(found, zone) * (-1, -1, 1, 1)
        near = 0.3 * min(high, wide)
        assert (grown[[0, 2]] <= near + 1).all()
        assert (grown[[1, 3]] <= 0.3 * high + 1).all()
        assert found[2] - found[0] >= 0.35 * wide - 2
        assert found[3] - found[1] >= 0.35 * high - 2

    def test_without_lines_it_stays_as_it_was_drawn(self) -> None:
        """Nothing else is known of it."""
        zone = (201.5, 103.0, 390.0, 166.0)
        assert bounded(zone, [], [], paper((210, 110, 230, 160))) == Cell(zone, False, False)

    @given(st.integers(24, 60), st.booleans())
    def test_what_is_written_before_a_wall_is_not_cut_off(self, at: int, is_right: bool) -> None:
        """A wall well within the zone bounds it where nothing is written on its other side."""
        zone = (100.0, 100.0, 500.0, 170.0)
        wall, ink = (500 - at, (500 - at + 4, 110, 498, 160)) if is_right else (
            100 + at, (102, 110, 100 + at - 4, 160))  # fmt: skip
        edge = 2 if is_right else 0
        assert bounded(zone, [], [line(wall, 90, 180)], paper(ink)).edges[edge] == zone[edge]
        bare = bounded(zone, [], [line(wall, 90, 180)], paper()).edges[edge]
        assert abs(bare - wall) == 1

    def test_one_wall_draws_no_zone_to_it(self) -> None:
        """It may be the neighbour's: only between two a zone grows."""
        zone = (LEFT + 6.0, TOP + 4.0, RIGHT - 6.0, BOTTOM - 4.0)
        found = bounded(zone, [], [line(LEFT, 10, 280)], paper())
        assert found == Cell(zone, False, False)

    def test_a_wall_in_its_middle_divides_it(self) -> None:
        """It is over two cells, and grows to neither."""
        zone = (LEFT + 6.0, TOP + 4.0, RIGHT - 6.0, BOTTOM - 4.0)
        walls = [line(at, 10, 280) for at in (LEFT, 290, RIGHT)]
        assert bounded(zone, [], walls, paper()) == Cell(zone, True, False)

    def test_a_line_that_ends_early_bounds_nothing(self) -> None:
        """A 1, or the stroke of a letter, is shorter than a cell."""
        zone = (LEFT + 6.0, TOP + 4.0, RIGHT - 6.0, BOTTOM - 4.0)
        walls = [line(at, TOP + 20, BOTTOM - 10) for at in (LEFT + 20, RIGHT)]
        assert bounded(zone, [], walls, paper()).edges == zone


class TestTables:
    @pytest.mark.parametrize("grown", [-0.08, -0.04, 0.0, 0.04, 0.08])
    def test_a_zone_may_be_drawn_in_on_or_around_its_cell(
        self, grown: float, networks: Networks
    ) -> None:
        """It reads the same; an empty cell stays empty, and lines are no digits."""
        table = Table(STYLE)
        for row, text in enumerate(("472", "356", "16", "1")):
            table.write(text, row, row % 3)
        zones = [table.zone(row, column, grown) for row in range(5) for column in range(3)]
        found = read_zones(table.scan(), zones, networks)
        written = {f"r{row}c{row % 3}": text for row, text in enumerate(("472", "356", "16", "1"))}
        assert {row.name: row.text for row in found if row.text} == written
        assert {row.status for row in found if row.text} == {"ok"}
        assert {row.status for row in found if not row.text} == {"empty"}

    @pytest.mark.parametrize("text", ["6", "0689", "35"])
    @pytest.mark.parametrize("at", [0.03, 0.06])
    def test_a_wall_beside_a_digit_is_no_1(self, text: str, at: float, networks: Networks) -> None:
        """16 is a number, too: nothing but the line's length tells."""
        table = Table(STYLE)
        table.write(text, 1, 1, at=at)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert (found.text, found.status) == (text, "ok")

    @pytest.mark.parametrize("text", ["08", "36", "52", "94"])
    @pytest.mark.parametrize("at", [-0.08, -0.06, -0.04, -0.02])
    def test_a_digit_over_a_wall_is_read_or_looked_at(
        self, text: str, at: float, networks: Networks
    ) -> None:
        """It is never accepted as another, nor the number without it."""
        table = Table(STYLE)
        table.write(text, 1, 1, at=at)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert found.text == text or found.status == "review"

    def test_a_zone_over_two_cells_is_not_one_number(self, networks: Networks) -> None:
        """The wall between its digits may part two, and is no 1 either."""
        table = Table(STYLE)
        table.write("47", 1, 1, at=0.6)
        table.write("35", 1, 2, at=0.1)
        first, second = table.zone(1, 1), table.zone(1, 2)
        both = first.model_copy(update={"box": (*first.box[:2], *second.box[2:])})
        (found,) = read_zones(table.scan(), [both], networks)
        assert found.status == "review"

    def test_a_number_that_goes_on_over_a_wall_is_looked_at(self, networks: Networks) -> None:
        """Its last digit may be the next cell's first."""
        table = Table(TableStyle(digit=40))
        end = table.write("4720", 1, 1, at=0.25)
        assert table.cell(1, 1).right < end - 10
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert (found.text, found.status) == ("4720", "review")
        assert ReviewReason.DIVIDED.code in found.reasons

    def test_ink_that_reaches_in_is_told(self, networks: Networks) -> None:
        """A digit of the next cell, or one that was begun before the zone."""
        table = Table(replace(STYLE, rows=0))
        end = table.write("83", 1, 1, at=0.3)
        table.write("6", 1, 1, at=(end + 14 - table.cell(1, 1).left) / 190)
        zone = table.zone(1, 1)
        left, top, _, bottom = zone.box
        cut = (end + 14 + 11) / table.style.size[0]
        zone = zone.model_copy(update={"box": (left, top, cut, bottom)})
        (found,) = read_zones(table.scan(), [zone], networks)
        assert found.text == "836" or ReviewReason.REACHES_IN.code in found.reasons

    def test_a_column_of_1s_in_cells_is_accepted(self, networks: Networks) -> None:
        """They stand free between lines that are known; rests of lines do not."""
        table = Table(STYLE)
        for row in range(5):
            table.write("1", row, 1, at=0.4 + 0.03 * (row % 2))
        zones = [table.zone(row, 1) for row in range(6)]
        found = read_zones(table.scan(), zones, networks)
        assert [(row.text, row.status) for row in found] == [("1", "ok")] * 5 + [("", "empty")]

    @pytest.mark.parametrize(("top", "foot"), [(0.0, 1.0), (-0.2, 0.7), (0.3, 1.2)])
    def test_a_stroke_that_touches_an_edge_is_looked_at(
        self, top: float, foot: float, networks: Networks
    ) -> None:
        """It may be the rest of a line, so it is not free."""
        table = Table(replace(STYLE, rows=0))
        cell = table.cell(1, 1)
        high = cell.bottom - cell.top
        ends = [(370, round(cell.top + share * high)) for share in (top, foot)]
        cv2.line(table.ink, ends[0], ends[1], 255, 4)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert found.status in ("review", "empty")

    @pytest.mark.parametrize(("gap", "level"), [(8, 60), (8, 90), (50, 90), (70, 90)])
    def test_a_number_is_not_accepted_without_its_faint_digit(
        self, gap: int, level: int, networks: Networks
    ) -> None:
        """Beside a dark one it is read, and looked at; far off it is at least told of."""
        table = Table(STYLE)
        end = table.write("3", 1, 1, at=0.1)
        table.write("8", 1, 1, at=(end + gap - table.cell(1, 1).left) / 190, level=level)
        table.write("47", 3, 0)
        (found,) = read_zones(table.scan(), [table.zone(1, 1)], networks)
        assert found.status == "review"
        told = ReviewReason.FAINT_DIGIT if found.text == "38" else ReviewReason.FAINT_REST
        assert told.code in found.reasons
