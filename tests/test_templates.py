"""Scans are laid on the page of a template, and a page that is no such form is not read."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pil
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.config import Config, Template, Zone
from digitbatch.config.file import load_config, parse_config
from digitbatch.errors import ConfigError, PageError
from digitbatch.imaging.projective import (
    Projective,
    box_around,
    corners,
    local_scale,
    moved_box,
    scaling,
    through,
)
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.forms.registration import register
from digitbatch.page.forms.zone_proposal import propose_zones
from digitbatch.reading import read_page
from digitbatch.synth.pages import FormField, MadePage, PageStyle, fill_form, write_lines
from digitbatch.synth.paper import Paper
from digitbatch.types import Box, Image, Networks, Page, PageRef
from tests.plain_hand import HAND

STYLE = PageStyle(900, 640, Paper(grain=0.5, noise=1.0, print_colour=(90, 90, 90)))


def form(texts: dict[str, str], seed: int = 3) -> MadePage:
    """A parcel form as somebody fills it in."""
    fields = [
        FormField("sender", texts.get("sender", ""), 0.08, 0.27, 5, label="Sender's postal code"),
        FormField("number", texts.get("number", ""), 0.08, 0.51, 8, label="Number of the parcel"),
        FormField("weight", texts.get("weight", ""), 0.08, 0.75, 4, label="Weight in grams"),
        FormField("value", texts.get("value", ""), 0.55, 0.75, 6, label="Insured value, if any"),
    ]
    return fill_form("Parcel, to be filled in", fields, STYLE, HAND, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def reference() -> MadePage:
    """The form with somebody's numbers in it."""
    return form({"sender": "77777", "number": "11223344", "weight": "9999", "value": "123456"}, 1)


@pytest.fixture(scope="module")
def config(reference: MadePage, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Its zones, and itself as the template."""
    file = tmp_path_factory.mktemp("form") / "form.png"
    Pil.fromarray(reference.pixels).save(file)
    zones = tuple(Zone(name=name, box=box, digits=(0, 8)) for name, box in reference.zones.items())
    counts = {"sender": 5, "number": 8, "weight": 4, "value": 6}
    zones = tuple(replace_digits(zone, counts[zone.name]) for zone in zones)
    return Config(fields=zones, template=Template(image=file))


def replace_digits(zone: Zone, count: int) -> Zone:
    """The zone with as many boxes as it has."""
    return Zone(name=zone.name, box=zone.box, digits=(0, count))


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def page(pixels: Image) -> Page:
    """Pixels as a page of their own."""
    return Page(PageRef("scan.png", 1), np.ascontiguousarray(pixels))


def scanned(
    pixels: Image, turn_deg: float, scale: float, slant: float, shift: tuple[float, float]
) -> tuple[Image, Projective]:
    """A page as it may lie on a scanner or before a camera, and the map to there."""
    height, width = pixels.shape[:2]
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    placed = (outline @ turn.T) * scale
    placed[2] += slant * width * np.array([1.0, -0.5])
    placed += np.array(shift) - placed.min(axis=0)
    size = np.ceil(placed.max(axis=0) + 20).astype(int)
    matrix = cv2.getPerspectiveTransform(outline.astype(np.float32), placed.astype(np.float32))
    scan = cv2.warpPerspective(
        pixels, matrix, (int(size[0]), int(size[1])), borderValue=(250, 250, 250)
    )
    return np.asarray(scan, np.uint8), np.asarray(matrix, np.float64)


def size(file: str) -> tuple[int, int]:
    """Width and height of a picture."""
    with Pil.open(file) as picture:
        return picture.size


class TestGeometry:
    @given(
        st.floats(-3, 3), st.floats(0.5, 2), st.floats(-0.2, 0.2), st.floats(-1e-4, 1e-4),
        st.floats(-200, 200), st.lists(st.tuples(st.floats(0, 999), st.floats(0, 999)), min_size=1),
    )  # fmt: skip
    def test_a_map_and_its_inverse_leave_points_where_they_were(
        self, angle: float, scale: float, shear: float, tilt: float, shift: float,
        points: list[tuple[float, float]],
    ) -> None:  # fmt: skip
        """Points go to the scan and back to where they were."""
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        matrix = np.array([[c, -s + shear, shift], [s, c, -shift], [tilt, tilt, 1.0]])
        there = np.array(points)
        assert np.allclose(through(np.linalg.inv(matrix), through(matrix, there)), there, atol=1e-4)

    @given(st.integers(0, 90), st.integers(0, 90), st.integers(1, 50), st.integers(1, 50))
    def test_a_box_is_around_its_corners(self, left: int, top: int, wide: int, high: int) -> None:
        """A box that is not moved is the same box; twice as large it covers twice as much."""
        box = Box(left, top, left + wide, top + high)
        assert box_around(corners(box.left, box.top, box.right, box.bottom)) == box
        double = Box(2 * left, 2 * top, 2 * (left + wide), 2 * (top + high))
        assert moved_box(box, scaling(2, 2)) == double

    def test_scales_are_of_width_and_height(self) -> None:
        """A map that stretches says so for each direction."""
        assert local_scale(scaling(2, 3), 100, 50) == pytest.approx((2, 3))


class TestUnits:
    @given(
        st.floats(0.01, 0.4), st.floats(0.01, 0.4), st.floats(0.05, 0.5), st.floats(0.05, 0.5),
        st.sampled_from([72, 150, 200, 300]),
    )  # fmt: skip
    def test_a_place_is_the_same_in_every_unit(
        self, left: float, top: float, wide: float, high: float, dpi: int
    ) -> None:
        """Fractions, millimetres and pixels of any resolution name the same place of an A4 page."""
        box = (left, top, left + wide, top + high)
        mm = Zone(name="a", unit="mm", box=tuple(e * s for e, s in zip(box, (210, 297) * 2)))  # noqa: B905
        px = tuple(e * s / 25.4 * 300 for e, s in zip(box, (210, 297) * 2, strict=True))
        pixels = Zone(name="a", unit="px", dpi=300, box=px)
        width, height = round(210 / 25.4 * dpi), round(297 / 25.4 * dpi)
        for zone in (mm, pixels):
            assert zone.on_page(width, height, dpi) == pytest.approx(box, abs=2e-3)
            assert zone.on_page(9, 9, None, (210.0, 297.0)) == pytest.approx(box, abs=1e-9)

    def test_millimetres_need_a_size(self) -> None:
        """Where nothing says how large a page is, millimetres place nothing."""
        zone = Zone(name="total", unit="mm", box=(10, 10, 20, 20))
        with pytest.raises(ValueError, match="paper_mm"):
            zone.on_page(1000, 1000)
        with pytest.raises(ValueError, match="another paper size"):
            zone.on_page(100, 100, 300)
        config = Config(fields=(zone,))
        with pytest.raises(PageError, match="paper_mm"):
            register(page(np.zeros((50, 50), np.uint8)), config)

    def test_pixels_are_of_their_own_resolution_where_a_page_has_none(self) -> None:
        """A scan that does not say its resolution is taken to have that of the pixels."""
        zone = Zone(name="total", unit="px", dpi=200, box=(10, 20, 30, 40))
        assert zone.on_page(100, 100) == pytest.approx((0.1, 0.2, 0.3, 0.4))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{name: a, unit: px, box: [0, 0, 9, 9]}", "unit: px and dpi belong together"),
            ("{name: a, dpi: 300, box: [0, 0, 1, 1]}", "unit: px and dpi belong together"),
            ("{name: a, unit: mm, box: [9, 0, 1, 1]}", "[left, top, right, bottom] in mm"),
            ("{name: a, unit: cm, box: [0, 0, 1, 1]}", "expected one of page, mm, px"),
        ],
    )
    def test_wrong_units_are_refused(self, text: str, said: str) -> None:
        """What cannot be a zone in a unit is said when the file is loaded."""
        with pytest.raises(ConfigError) as refused:
            parse_config(f"fields:\n- {text}")
        assert said in str(refused.value)


class TestConfig:
    def test_the_template_is_relative_to_the_file(self, tmp_path: Path) -> None:
        """The image is looked for beside the YAML, and must be there."""
        (tmp_path / "deep").mkdir()
        file = tmp_path / "deep" / "a.yaml"
        file.write_text(
            "template: {image: ../form.png}\nfields:\n- {name: a, box: [0, 0, 1, 1]}", "utf-8"
        )
        with pytest.raises(ConfigError, match="there is no such file"):
            load_config(file)
        Pil.new("L", (50, 50), 255).save(tmp_path / "form.png")
        template = load_config(file).template
        assert template is not None
        assert template.image.is_file()

    def test_the_fingerprint_is_of_the_templates_pixels(self, tmp_path: Path) -> None:
        """The same file elsewhere is the same plan; another file in its place is not."""
        zones = (Zone(name="a", box=(0, 0, 1, 1)),)
        prints = []
        for name, level in (("a.png", 255), ("b.png", 255), ("c.png", 250)):
            Pil.new("L", (50, 50), level).save(tmp_path / name)
            template = Template(image=tmp_path / name)
            prints.append(Config(fields=zones, template=template).fingerprint())
        assert prints[0] == prints[1] != prints[2]

    def test_a_template_without_zones_is_refused(self) -> None:
        """There is nothing to cut."""
        with pytest.raises(ConfigError, match="expected fields:"):
            parse_config("template: {image: a.png}")


class TestAlignment:
    @given(
        turn=st.sampled_from([0.0, 90.0, 180.0, 270.0]), askew=st.floats(-4, 4),
        scale=st.floats(0.7, 1.6), slant=st.floats(-0.03, 0.03),
        right=st.floats(0, 60), down=st.floats(0, 60),
    )  # fmt: skip
    @settings(max_examples=8, deadline=None)
    def test_zones_are_found_wherever_the_form_lies(
        self, config: Config, turn: float, askew: float, scale: float, slant: float,
        right: float, down: float,
    ) -> None:  # fmt: skip
        """Shift, scale, turns of any size and slant: the form is found to within two pixels."""
        made = form({"sender": "40213", "weight": "127"})
        scan, matrix = scanned(made.pixels, turn + askew, scale, slant, (right, down))
        laid = register(page(scan), config)
        assert laid.to_scan is not None
        height, width = laid.page.pixels.shape[:2]
        for placed in laid.zones:
            left, top, bottom_right = placed.place[0], placed.place[1], placed.place[2:]
            here = np.array([[left, top], bottom_right]) * (width, height)
            there = np.array([[left, top], bottom_right]) * (900, 640)
            off = through(laid.to_scan, here) - through(matrix, there)
            assert np.abs(off).max() <= 2.0 * max(1.0, scale)
        assert not laid.misfit

    def test_a_turned_page_is_read_like_a_straight_one(
        self, config: Config, networks: Networks
    ) -> None:
        """Upside down, on its side and slanted, the same is read, with boxes on the scan."""
        texts = {"sender": "40213", "number": "38150462", "weight": "1275"}
        made = form(texts)
        for turn, slant in ((2.0, 0.02), (180.0, 0.0), (90.0, 0.0)):
            scan, matrix = scanned(made.pixels, turn, 1.2, slant, (15, 25))
            result = read_page(page(scan), config, networks)
            read = {entry.name: entry for entry in result.fields}
            assert {name: entry.text for name, entry in read.items()} == {**texts, "value": ""}
            assert read["value"].status == "empty"
            assert result.fit is not None
            assert result.fit.found > 0.5
            box = read["sender"].box
            zone = made.zones["sender"]
            edges = np.array([[zone[0], zone[1]], [zone[2], zone[3]]]) * (900, 640)
            around = box_around(through(matrix, edges))
            assert box is not None
            assert around.left - 9 <= box.left < box.right <= around.right + 9
            assert around.top - 9 <= box.top < box.bottom <= around.bottom + 9

    def test_what_the_reference_holds_is_not_read(self, config: Config, networks: Networks) -> None:
        """A form that is left empty is empty, though the reference is filled in."""
        result = read_page(page(form({}).pixels), config, networks)
        assert [entry.status for entry in result.fields] == ["empty"] * 4

    def test_the_reference_itself_is_read(
        self, config: Config, reference: MadePage, networks: Networks
    ) -> None:
        """The reference is never subtracted: its own numbers are read from it."""
        result = read_page(page(reference.pixels), config, networks)
        assert [entry.text for entry in result.fields] == ["77777", "11223344", "9999", "123456"]

    @pytest.mark.parametrize("kind", ["lines", "blank", "noise"])
    def test_another_page_is_an_error(self, config: Config, kind: str) -> None:
        """What does not fit the template is not read, and the message says so."""
        rng = np.random.default_rng(0)
        pixels = {
            "lines": write_lines(["4071", "582 9936"], STYLE, HAND, rng).pixels,
            "blank": np.full((600, 500), 255, np.uint8),
            "noise": rng.integers(0, 255, (600, 500), np.uint8),
        }[kind]
        with pytest.raises(PageError, match=r"does not fit the template form\.png"):
            register(page(pixels), config)

    def test_a_zone_that_was_not_scanned_is_reviewed(
        self, config: Config, networks: Networks
    ) -> None:
        """Where a zone reaches beyond the scan, the field says so and is not ok."""
        made = form({"sender": "40213", "number": "38150462", "weight": "1275", "value": "5"})
        result = read_page(page(made.pixels[:, :600]), config, networks)
        read = {entry.name: entry for entry in result.fields}
        assert read["value"].status == "review"
        assert "outside of the scan" in read["value"].message
        assert read["sender"].text == "40213"

    def test_pages_without_zones_need_not_fit(self, config: Config) -> None:
        """Only pages that have zones are laid on the template."""
        zones = tuple(zone.model_copy(update={"pages": (2,)}) for zone in config.fields)
        other = config.model_copy(update={"fields": zones})
        blank = page(np.full((60, 50), 255, np.uint8))
        assert register(blank, other).zones == ()
        with pytest.raises(PageError):
            register(replace(blank, ref=PageRef("scan.png", 2)), other)


class TestCommand:
    def test_new_proposes_the_boxes(self) -> None:
        """Each row of boxes becomes a zone with as many digits, in reading order."""
        proposals = propose_zones(form({}).pixels)
        assert [p.digits for p in proposals] == [5, 8, 4, 6]
        for proposal, zone in zip(proposals, form({}).zones.values(), strict=True):
            assert proposal.box == pytest.approx(zone, abs=0.012)

    def test_new_and_show_write_what_can_be_used(
        self, reference: MadePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The YAML loads as it is, pictures are written, and nothing is written over."""
        monkeypatch.chdir(tmp_path)
        Pil.fromarray(form({}).pixels).save("form.png")
        Pil.fromarray(np.rot90(reference.pixels, 2)).save("scan.png")
        run = CliRunner().invoke
        assert run(app, ["template", "new", "form.png"]).exit_code == 0
        assert len(load_config("form.yaml").fields) == 4
        assert size("form-zones.png") == (900, 640)
        assert run(app, ["template", "new", "form.png"]).exit_code == 2
        assert run(app, ["template", "new", "form.png", "--replace"]).exit_code == 0
        shown = run(app, ["template", "show", "form.yaml", "scan.png"])
        assert shown.exit_code == 0
        assert "fits the template" in shown.stdout
        assert size("scan-shown.png") == (900, 640)
        own = run(app, ["template", "show", "form.yaml", "form.png"])  # what people try first
        assert (own.exit_code, size("form-shown.png")) == (0, (900, 640))
        Pil.new("L", (300, 300), 255).save("blank.png")
        assert run(app, ["template", "show", "form.yaml", "blank.png"]).exit_code == 1
