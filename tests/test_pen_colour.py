"""Print of another colour than the pen's is dropped by its hue; the pen's ink never is."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.forms.pen_colour import colored_print
from digitbatch.synth.paper import Paper, expose, set_type, through_jpeg
from digitbatch.types import Box, Image
from tests.made_tables import Table, TableStyle, read_zones

Rgb = tuple[int, int, int]
GREY: Rgb = (150, 150, 150)
LIGHT_BLUE: Rgb = (120, 175, 215)
BLUE: Rgb = (38, 54, 138)
DARK_GREY: Rgb = (70, 70, 72)
RED: Rgb = (186, 40, 44)
ZONES = [Box(40, 30, 240, 90), Box(40, 130, 240, 190)]


def comb() -> tuple[Image, Image]:
    """Lines, and the dotted walls between the places of two rows: (H, W), 255 on 0."""
    lines, dots = np.zeros((2, 220, 280), np.uint8)
    for zone in ZONES:
        for y in (zone.top, zone.bottom):
            cv2.line(lines, (zone.left, y), (zone.right, y), 255, 3)
        for x in range(zone.left + 50, zone.right, 50):
            for y in range(zone.top + 6, zone.bottom - 4, 9):
                dots[y : y + 4, x - 1 : x + 2] = 255
    return lines, dots


def digits(row: int) -> Image:
    """Rings and strokes between the walls of a row."""
    ink = np.zeros((220, 280), np.uint8)
    y = (ZONES[row].top + ZONES[row].bottom) // 2
    for place, x in enumerate(range(65, 240, 50)):
        if place % 2:
            cv2.line(ink, (x + 4, y - 18), (x - 4, y + 18), 255, 4)
        else:
            cv2.ellipse(ink, (x, y), (11, 18), 0, 0, 360, 255, 4)
    return ink


def page(*layers: tuple[Image, Rgb]) -> Image:
    """A JPEG of what lies on white paper, one over the other."""
    rgb = np.full((220, 280, 3), (250, 248, 242), np.uint8)
    for layer, colour in layers:
        rgb[layer > 0] = colour
    blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.6), np.uint8)
    return through_jpeg(blurred, 85)


def left_of(layer: Image, found: Image | None) -> float:
    """Which share of some ink is not dropped."""
    if found is None:
        return 1.0
    return 1 - cv2.countNonZero(layer & found) / cv2.countNonZero(layer)


@pytest.mark.parametrize("printed", [GREY, LIGHT_BLUE, (230, 120, 90), (90, 180, 90)])
@pytest.mark.parametrize("pen", [BLUE, DARK_GREY, RED])
def test_of_print_and_pen_of_two_colours_the_pen_is_left(printed: Rgb, pen: Rgb) -> None:
    """All of the pen's ink; and of the dots of the walls nothing, where hues differ."""
    lines, dots = comb()
    written = digits(0) | digits(1)
    rgb = page((lines | dots, printed), (written, pen))
    found = colored_print(rgb, lines | dots | written, lines, ZONES)
    assert left_of(written, found) > 0.97
    if (printed, pen) in [(GREY, BLUE), (GREY, RED), (LIGHT_BLUE, RED)]:
        assert left_of(dots, found) < 0.05


@pytest.mark.parametrize("pen", [GREY, DARK_GREY])
def test_a_pen_of_the_prints_colour_is_not_dropped(pen: Rgb) -> None:
    """Nor is anything else: nobody can tell."""
    lines, dots = comb()
    written = digits(0) | digits(1)
    rgb = page((lines | dots, GREY), (written, pen))
    assert colored_print(rgb, lines | dots | written, lines, ZONES) is None


@pytest.mark.parametrize("second", [DARK_GREY, RED, (40, 120, 60)])
def test_two_pens_of_two_colours_both_stay(second: Rgb) -> None:
    """Also where the other pen has the print's colour, and writes into one zone only."""
    lines, dots = comb()
    rgb = page((lines | dots, GREY), (digits(0), BLUE), (digits(1), second))
    ink = np.asarray(lines | dots | digits(0) | digits(1), np.uint8)
    found = colored_print(rgb, ink, lines, ZONES)
    assert left_of(digits(0), found) > 0.97
    assert left_of(digits(1), found) > 0.97


@pytest.mark.parametrize("second", [RED, (40, 120, 60), (130, 40, 130)])
def test_a_second_pen_in_the_same_zone_stays(second: Rgb) -> None:
    """Its hue is on no way from the print's to the first pen's, so it is no print."""
    lines, dots = comb()
    first, other = digits(0) | digits(1), digits(0) | digits(1)
    first[:, 190:], other[:, :190] = 0, 0
    rgb = page((lines | dots, GREY), (first, BLUE), (other, second))
    found = colored_print(rgb, lines | dots | first | other, lines, ZONES)
    assert found is not None
    assert left_of(first, found) > 0.97
    assert left_of(other, found) > 0.97


def test_a_page_that_is_not_written_on_has_no_pen() -> None:
    """Specks of colour make none."""
    lines, dots = comb()
    speck = np.zeros_like(lines)
    speck[50:55, 60:65] = 255
    rgb = page((lines | dots, GREY), (speck, BLUE))
    assert colored_print(rgb, lines | dots | speck, lines, ZONES) is None


class TestZones:
    STYLE = TableStyle(digit=36, paper=Paper(print_colour=GREY, pen="blue", grain=0.5))

    def table(self, printed: str, text: str) -> Table:
        """A column of cells with a printed word in each, and a number in the first two."""
        table = Table(self.STYLE)
        for row in range(3):
            cell = table.cell(row, 1)
            set_type(table.printed, printed, cell.left + 8, cell.top + 14, 36)
            if row < 2:
                table.write(text, row, 1, at=0.47)
        return table

    @pytest.mark.parametrize("printed", ["19", "EUR"])
    @pytest.mark.parametrize("text", ["47", "80", "16"])
    def test_what_is_printed_in_a_cell_is_not_read(self, printed: str, text: str) -> None:
        """Grey digits before blue ones are the form's; alone they may be another's pencil."""
        table = self.table(printed, text)
        zones = [table.zone(row, 1) for row in range(3)]
        pixels = through_jpeg(table.scan(), 85)
        found = read_zones(pixels, zones, open_networks(default_model()))
        assert [(row.text, row.status) for row in found[:2]] == [(text, "ok")] * 2
        assert found[2].status != "ok"

    def test_a_number_in_the_colour_of_print_stays(self) -> None:
        """Somebody else wrote it with a pencil, between cells that are filled in with blue."""
        table, other = self.table("", "47"), Table(self.STYLE)
        other.write("35", 2, 1, at=0.4)
        print_and_blue = table.scan()
        paper = replace(self.STYLE.paper, pen="pencil")
        pencil = expose(other.ink, np.zeros_like(other.ink), paper, np.random.default_rng(3))
        pixels = through_jpeg(np.minimum(print_and_blue, pencil), 85)
        zones = [table.zone(row, 1) for row in range(3)]
        found = read_zones(pixels, zones, open_networks(default_model()))
        assert [row.text for row in found] == ["47", "47", "35"]
