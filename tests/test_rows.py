"""Digits stand in the row of their table, wherever neighbours lead their line astray."""

import numpy as np

from digitbatch.page.connected_components import connected_components, sort_components
from digitbatch.page.layout.table_rows import find_rows, in_rows, parted_rows
from digitbatch.page.layout.text_lines import group_lines
from digitbatch.types import Image

SIZE, PITCH = 20, 28


def table(rows: int, columns: int, bend: float) -> Image:
    """Digits of a bent table, as blocks."""
    mask = np.zeros((PITCH * rows + 120, 60 * columns + 60), np.uint8)
    for row in range(rows):
        for column in range(columns):
            x = 30 + 60 * column
            y = 60 + PITCH * row + round(bend * (x - 200) ** 2)
            mask[y : y + SIZE, x : x + 12] = 255
    return mask


def test_parts_of_a_row_on_one_level_are_one_line() -> None:
    """Whatever was broken off lies on the row that all rows' bend leads it to."""
    components = connected_components(table(6, 7, 2e-4))
    lines = group_lines(components, sort_components(components, SIZE, (400, 500)))
    assert [len(line) for line in lines] == [7] * 6
    broken = [*lines[:2], lines[2][:4], lines[2][4:], lines[3][:5], [*lines[4], *lines[3][5:]]]
    broken.append(lines[5])
    rows = find_rows(components, broken, SIZE)
    assert rows is not None
    assert in_rows(components, broken, rows, SIZE) == lines


def test_digits_that_touch_the_row_below_are_parted_between_the_rows() -> None:
    """A digit that hangs into the row below makes one component with the digit there."""
    mask = table(6, 7, 0.0)
    mask[60 : 60 + PITCH + SIZE, 30:42] = 255
    components = connected_components(mask)
    sorting = sort_components(components, SIZE, mask.shape)
    rows = find_rows(components, group_lines(components, sorting), SIZE)
    assert rows is not None
    parted = parted_rows(mask, components, sorting.digits, rows, SIZE)
    assert parted is not None
    assert len(connected_components(parted)) == 6 * 7
    assert parted_rows(parted, connected_components(parted), sorting.digits, rows, SIZE) is None


def test_lines_that_run_each_its_own_way_are_no_rows() -> None:
    """Then no line says anything about another."""
    mask = np.zeros((700, 700), np.uint8)
    for row in range(6):
        for column in range(9):
            x, y = 40 + 60 * column, 80 + 90 * row + (-1) ** row * 4 * column
            mask[y : y + SIZE, x : x + 12] = 255
    components = connected_components(mask)
    lines = group_lines(components, sort_components(components, SIZE, mask.shape))
    assert len(lines) == 6
    assert find_rows(components, lines, SIZE) is None
