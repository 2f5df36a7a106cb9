"""What every stage keeps to, and what each one does."""

import json
import re
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pil
from pydantic import TypeAdapter, ValidationError

from digitbatch.errors import CoarsePageError, PageError
from digitbatch.imaging.light import light_on
from digitbatch.stages import STAGES, AnyStage
from digitbatch.stages.base import Normalizer, PageStage, PixelKind, Segmenter, Sheet, Stage
from digitbatch.stages.chain import in_order
from digitbatch.stages.crop_to_paper import CropToPaper
from digitbatch.stages.filters import (
    Blur,
    Closing,
    Dilation,
    Erosion,
    FlattenBackground,
    Invert,
    Opening,
)
from digitbatch.stages.geometry import Deskew, Resize
from digitbatch.stages.hysteresis import Hysteresis
from digitbatch.stages.levels import Grayscale, InkLevels
from digitbatch.stages.line_removal.faint_rules import faint_rules
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.stages.scale import FitScale, Reduce
from digitbatch.stages.sheet import LAYER_KINDS, Layer
from digitbatch.stages.threshold import Threshold, sauvola
from digitbatch.types import Image

PAPER = 230
VARIANTS: list[Stage] = [
    *(stage() for op, stage in STAGES.items() if op != "resize"),
    *(Grayscale(weights=weights) for weights in ("red", "green", "blue", "darkest")),
    Resize(height_px=150),
    Resize(scale=1.7),
    Deskew(max_angle_deg=12),
    Blur(method="median", kernel_px=5),
    FlattenBackground(window_px=21),
    *(Threshold(method=method) for method in ("fixed", "otsu", "adaptive")),
    Threshold(window_px=20, k=0.34),
    *(stage(kernel_px=4, shape="ellipse", iterations=2) for stage in (Erosion, Opening, Closing)),
    Dilation(kernel_px=5, shape="cross"),
]
PAGE_STAGES = [stage for stage in VARIANTS if isinstance(stage, PageStage)]
CASES = [(stage, kind) for stage in PAGE_STAGES for kind in in_order(stage.takes)]
SMALL_GRAY = arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def drawn_page(angle_deg: float = 0.0) -> Image:
    """Six lines of blue and black digits on cream paper, (480, 640, 3); lines fall to the right."""
    page = np.full((480, 640, 3), (240, PAPER, 215), np.uint8)
    for row in range(6):
        pen = (30, 30, 40) if row % 2 else (40, 50, 150)
        digits = "".join(str((row * 7 + i * 3) % 10) for i in range(16))
        cv2.putText(page, digits, (60, 90 + row * 62), cv2.FONT_HERSHEY_SIMPLEX, 1.4, pen, 3)
    turn = cv2.getRotationMatrix2D((319.5, 239.5), -angle_deg, 1.0)
    turned = cv2.warpAffine(page, turn, (640, 480), borderValue=(240, PAPER, 215))
    noise = np.random.default_rng(1).normal(0, 3, page.shape)
    return np.clip(turned + noise, 0, 255).astype(np.uint8)


def sheet_of(kind: PixelKind, angle_deg: float = 0.0) -> Sheet:
    """The drawn page as a sheet of any kind; arrays are read-only."""
    color = drawn_page(angle_deg)
    gray = np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), np.uint8)
    binary = np.where(gray > 127, 255, 0).astype(np.uint8)
    pixels = {
        "color": color,
        "gray": gray,
        "ink": 255 - gray,
        "binary": binary,
        "mask": 255 - binary,
    }[kind]
    ink = (255 - gray) if kind in ("binary", "mask") else None
    to_scan = np.array([[2.0, 0.1, 5.0], [-0.1, 2.0, -3.0]])
    for array in (pixels, ink, to_scan):
        if array is not None:
            array.setflags(write=False)
    layers: dict[Layer, Image] = {} if ink is None else {"ink": ink}
    return Sheet(pixels, kind, to_scan, layers, digit_height_px=30.0)


def case_id(value: object) -> str:
    """A stage and its parameters as the name of a test case."""
    if not isinstance(value, Stage):
        return str(value)
    return re.sub(r"\W+", "_", repr(value).replace("None", ""))


@pytest.mark.parametrize(("stage", "kind"), CASES, ids=case_id)
def test_page_stage_gives_what_it_declares(stage: PageStage, kind: PixelKind) -> None:
    """A stage leaves its read-only input alone and gives uint8 of the declared kind and shape."""
    sheet = sheet_of(kind)
    before = sheet.pixels.copy()
    after = stage(sheet)
    assert np.array_equal(sheet.pixels, before)
    assert after.kind == stage.gives.get(kind, kind)
    assert after.pixels.dtype == np.uint8
    assert after.pixels.shape[2:] == ((3,) if after.kind == "color" else ())
    if after.kind in ("binary", "mask"):
        assert set(np.unique(after.pixels)) <= {0, 255}
        assert after.ink is not None
        assert after.ink.shape == after.pixels.shape
    assert after.to_scan.shape == (2, 3)
    if after.pixels.shape[:2] == sheet.pixels.shape[:2]:
        assert np.array_equal(after.to_scan, sheet.to_scan)


@pytest.mark.parametrize(("stage", "kind"), CASES, ids=case_id)
def test_page_stage_keeps_its_hands_off_tiny_pages(stage: PageStage, kind: PixelKind) -> None:
    """A page of one pixel, and one of a single row, go through every stage."""
    for shape in ((1, 1), (1, 40), (40, 1)):
        size = (*shape, 3) if kind == "color" else shape
        sheet = Sheet(np.full(size, 255, np.uint8), kind)
        assert stage(sheet).pixels.size


MARK_PX = 7  # radius of a disc that every layer has


def layered_sheet(
    kind: PixelKind, digits_px: int, angle_deg: float, mark: tuple[int, int], *, on_desk: bool
) -> Sheet:
    """A page of any kind with every layer, each of which has a disc and nothing else.

    Args:
        kind: Of the pixels, on which the disc is ink, too.
        digits_px: How high the digits are.
        angle_deg: How far lines fall towards the right.
        mark: x and y of the disc.
        on_desk: Whether a dark desk shows all around.
    """
    gray = np.full((600, 800), PAPER, np.uint8)
    for top in range(100, 500, round(1.7 * digits_px)):
        at = (100, top + digits_px)
        size = digits_px / 21.0
        cv2.putText(gray, "3141592653"[: 620 // digits_px], at, 0, size, 40, max(1, digits_px // 9))
    turn = cv2.getRotationMatrix2D((399.5, 299.5), -angle_deg, 1.0)
    gray = np.asarray(cv2.warpAffine(gray, turn, (800, 600), borderValue=PAPER), np.uint8)
    if on_desk:
        for part in (gray[:50], gray[-50:], gray[:, :50], gray[:, -50:]):
            part[:] = 30
    cv2.circle(gray, mark, MARK_PX, 20, -1)
    binary = np.where(gray > 127, 255, 0).astype(np.uint8)
    pixels = {
        "color": np.dstack([gray] * 3),
        "gray": gray,
        "ink": 255 - gray,
        "binary": binary,
        "mask": 255 - binary,
    }[kind]
    disc = np.zeros_like(gray)
    cv2.circle(disc, mark, MARK_PX, 255, -1)
    layers: dict[Layer, Image] = {name: disc.copy() for name in LAYER_KINDS}
    return Sheet(
        pixels, kind, layers=layers, digit_height_px=digits_px, light=light_on(gray),
        came_halved=True,
    )  # fmt: skip


@pytest.mark.parametrize(("stage", "kind"), CASES, ids=case_id)
@settings(max_examples=3, deadline=None)
@given(
    st.sampled_from([12, 30, 120]),
    st.floats(-4, 4),
    st.tuples(st.integers(120, 680), st.integers(120, 480)),
    st.booleans(),
)
def test_no_layer_is_lost(
    stage: PageStage,
    kind: PixelKind,
    digits_px: int,
    angle_deg: float,
    mark: tuple[int, int],
    on_desk: bool,
) -> None:
    """What comes out of a stage has every layer of what went in, where the pixels are now."""
    sheet = layered_sheet(kind, digits_px, angle_deg, mark, on_desk=on_desk)
    try:
        after = stage(sheet)
    except CoarsePageError:
        assert isinstance(stage, Reduce)
        return
    assert after.came_halved
    assert after.light is not None
    assert after.digit_height_px is not None
    assert set(after.layers) == set(LAYER_KINDS)
    # From the sheet, which is its own scan, to the new one.
    x, y = np.rint(cv2.invertAffineTransform(after.to_scan) @ [*mark, 1.0]).astype(int)
    for name, layer in after.layers.items():
        assert layer.dtype == np.uint8
        assert layer.shape == after.pixels.shape[:2]
        assert layer[y, x] > 127, name
        assert LAYER_KINDS[name] != "mask" or set(np.unique(layer)) <= {0, 255}, name
    if after.kind in ("ink", "mask"):
        assert after.pixels[y, x] > 127
    elif after.kind != "color":
        assert after.pixels[y, x] < 127


@pytest.mark.parametrize(
    ("stage", "kind", "digits_px", "angle_deg", "on_desk"),
    [
        (CropToPaper(), "gray", 30, 0, True),
        (Reduce(), "color", 120, 0, False),
        (FitScale(), "ink", 12, 0, False),
        (FitScale(), "ink", 120, 0, False),
        (Resize(scale=0.6), "binary", 30, 0, False),
        (Deskew(), "mask", 30, 3, False),
    ],
    ids=case_id,
)
def test_layers_are_as_large_as_before_on_the_scan(
    stage: PageStage, kind: PixelKind, digits_px: int, angle_deg: float, on_desk: bool
) -> None:
    """Each stage that moves pixels moves these pages, and every layer's ink with them."""
    sheet = layered_sheet(kind, digits_px, angle_deg, (400, 300), on_desk=on_desk)
    sheet = replace(sheet, came_halved=False)
    after = stage(sheet)
    assert after.pixels.shape != sheet.pixels.shape
    scale = abs(np.linalg.det(after.to_scan[:, :2]))
    for layer in after.layers.values():
        area = np.count_nonzero(layer > 127) * scale
        assert area == pytest.approx(np.pi * MARK_PX**2, rel=0.2)


def test_a_layer_of_another_size_is_refused() -> None:
    """Who changes the size of the pixels alone is told."""
    sheet = layered_sheet("mask", 30, 0.0, (400, 300), on_desk=False)
    with pytest.raises(ValueError, match="the layer ink"):
        sheet.with_pixels(sheet.pixels[:100])


def test_rules_that_two_stages_took_out_are_both_known() -> None:
    """The second one adds its own: boxes are looked for along all of them."""
    mask = np.zeros((400, 400), np.uint8)
    mask[100:102] = 255
    mask[300:302, 100:220] = 255
    once = RemoveRules(min_length=0.9)(Sheet(mask, "mask"))
    assert once.pixels[300:302].any()
    twice = RemoveRules(min_length=0.2)(once)
    assert twice.rules is not None
    assert np.array_equal(twice.rules, mask)


@pytest.mark.parametrize("stage", VARIANTS, ids=case_id)
def test_stage_survives_the_way_to_a_worker_and_to_a_file(stage: Stage) -> None:
    """Stages pickle, and come back equal from YAML."""
    assert ForkingPickler.loads(ForkingPickler.dumps(stage)) == stage
    text = yaml.safe_dump(stage.model_dump())
    adapter: TypeAdapter[AnyStage] = TypeAdapter(AnyStage)
    assert adapter.validate_json(json.dumps(yaml.safe_load(text)), strict=True) == stage


@pytest.mark.parametrize(("op", "stage"), STAGES.items())
def test_stage_is_named_and_explained(op: str, stage: type[Stage]) -> None:
    """A stage's op is its class's name in snake case; parameters are described, numbers bounded."""
    assert op == re.sub(r"(?<!^)(?=[A-Z])", "_", stage.__name__).lower()
    assert issubclass(stage, PageStage | Segmenter | Normalizer)
    assert stage.__doc__
    for name, field in stage.model_fields.items():
        if name == "op":
            continue
        assert field.description, name
        if "int" in str(field.annotation) or "float" in str(field.annotation):
            kinds = {type(limit).__name__ for limit in field.metadata}
            assert kinds & {"Ge", "Gt"}, name
            assert kinds & {"Le", "Lt"}, name


def test_grayscale_can_look_through_one_colour() -> None:
    """Red ink is gone in the red channel, dark in the darkest; a gray sheet passes unchanged."""
    page = np.full((4, 4, 3), 255, np.uint8)
    page[1] = (255, 20, 30)
    sheet = Sheet(page, "color")
    assert (Grayscale(weights="red")(sheet).pixels == 255).all()
    assert (Grayscale(weights="darkest")(sheet).pixels[1] == 20).all()
    assert (Grayscale(weights="green")(sheet).pixels[1] == 20).all()
    assert (Grayscale(weights="blue")(sheet).pixels[1] == 30).all()
    gray = sheet_of("gray")
    assert Grayscale(weights="blue")(gray) is gray


@given(SMALL_GRAY)
def test_invert_twice_changes_nothing(pixels: Image) -> None:
    """Invert is its own inverse, in pixels and in kind."""
    sheet = Sheet(pixels, "gray")
    twice = Invert()(Invert()(sheet))
    assert twice.kind == "gray"
    assert np.array_equal(twice.pixels, pixels)


@given(SMALL_GRAY, st.integers(2, 6), st.sampled_from(["rect", "ellipse", "cross"]))
def test_erosion_of_dark_ink_is_dilation_of_light_ink(
    pixels: Image, kernel_px: int, shape: str
) -> None:
    """Opening and closing are dual under inversion, also where the element's side is even."""
    parameters = {"kernel_px": kernel_px, "shape": shape}
    sheet = Sheet(pixels, "gray")
    opened = Opening.model_validate(parameters)(sheet)
    closed = Invert()(Closing.model_validate(parameters)(Invert()(sheet)))
    if kernel_px % 2:
        eroded = Erosion.model_validate(parameters)(sheet)
        dilated = Invert()(Dilation.model_validate(parameters)(Invert()(sheet)))
        assert np.array_equal(eroded.pixels, dilated.pixels)
        assert np.array_equal(opened.pixels, closed.pixels)
    assert (opened.pixels <= pixels).all()
    again = Opening.model_validate(parameters)(opened)
    assert np.array_equal(again.pixels, opened.pixels)
    assert (Closing.model_validate(parameters)(sheet).pixels >= pixels).all()


@pytest.mark.parametrize(
    ("kind", "thinner"), [("mask", True), ("ink", True), ("binary", False), ("gray", False)]
)
def test_erosion_thins_light_ink_and_thickens_dark_ink(kind: PixelKind, *, thinner: bool) -> None:
    """Morphology works on grey levels, whatever the ink's polarity."""
    sheet = sheet_of(kind)
    ink_value = 255 if kind in ("mask", "ink") else 0

    def inked(pixels: Image) -> int:
        return int(np.count_nonzero(np.abs(pixels.astype(int) - ink_value) < 127))

    before, after = inked(sheet.pixels), inked(Erosion()(sheet).pixels)
    assert (after < before) == thinner
    assert after != before


@given(st.integers(16, 900), st.integers(20, 300), st.integers(20, 300))
def test_resize_knows_the_way_back(height_px: int, width: int, height: int) -> None:
    """The corners of the new page lie on the corners of the old one."""
    sheet = Sheet(np.zeros((height, width), np.uint8), "gray", digit_height_px=10.0)
    after = Resize(height_px=height_px)(sheet)
    new_height, new_width = after.pixels.shape
    assert new_height == height_px
    corners = np.array([[-0.5, -0.5, 1], [new_width - 0.5, new_height - 0.5, 1]])
    assert corners @ after.to_scan.T == pytest.approx(
        np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    )
    assert after.digit_height_px == pytest.approx(10.0 * new_height / height)


def test_resize_keeps_thin_strokes() -> None:
    """A line of one pixel is still there when the page is a quarter as high."""
    page = np.full((200, 200), 255, np.uint8)
    page[101] = 0
    assert Resize(scale=0.25)(Sheet(page, "gray")).pixels.min() < 200


def test_resize_refuses_pages_that_fill_memory() -> None:
    """More than 400 million pixels is an error of the page, said before anything is made."""
    page = np.broadcast_to(np.uint8(255), (8000, 8000))
    with pytest.raises(PageError, match="64000 x 64000 pixels"):
        Resize(scale=8)(Sheet(page, "gray"))


@settings(max_examples=12, deadline=None)
@given(st.floats(-4.8, 4.8), st.sampled_from(["color", "gray", "ink", "binary", "mask"]))
def test_deskew_finds_a_known_angle(angle_deg: float, kind: PixelKind) -> None:
    """What is left of a skew of up to 5 degrees is at most 0.3 degrees."""
    straight = Deskew()(sheet_of(kind, angle_deg))
    turn = np.rad2deg(np.arctan2(straight.to_scan[1, 0], straight.to_scan[0, 0]))
    start = np.rad2deg(np.arctan2(-0.1, 2.0))  # of the sheet that came
    assert turn - start == pytest.approx(angle_deg, abs=0.3)


def test_deskew_knows_the_way_back_and_loses_no_corner() -> None:
    """Region in every corner of a skewed page is on the straight one, where to_scan says."""
    gray = np.array(sheet_of("gray", 4.0).pixels)
    spots = [(3, 3), (636, 3), (3, 476), (636, 476)]
    for x, y in spots:
        cv2.rectangle(gray, (x - 3, y - 3), (x + 3, y + 3), 0, -1)
    after = Deskew()(Sheet(gray, "gray"))
    forth = cv2.invertAffineTransform(after.to_scan)
    for spot in spots:
        x, y = np.rint(forth @ [*spot, 1.0]).astype(int)
        assert after.pixels[y, x] < 60
    assert after.pixels[0, 0] == pytest.approx(np.median(gray), abs=1)  # what is new is paper


def test_deskew_leaves_pages_without_lines_alone() -> None:
    """An empty page, and one with a single dot, stay the very same sheet."""
    page = np.full((400, 300), PAPER, np.uint8)
    empty = Sheet(page.copy(), "gray")
    assert Deskew()(empty) is empty
    cv2.circle(page, (150, 200), 12, 0, -1)
    dot = Sheet(page, "gray")
    assert Deskew()(dot) is dot


def test_flatten_background_takes_a_shadow_out() -> None:
    """Under a shadow of half the light, one level then finds the ink that it finds without it."""
    gray = sheet_of("gray").pixels
    light = np.linspace(1.0, 0.5, gray.shape[1])
    shadowed = Sheet((gray * light).astype(np.uint8), "gray")
    flat = FlattenBackground()(shadowed).pixels
    assert np.median(flat[:, :20]) > 240
    assert np.median(flat[:, -20:]) > 240
    ink = gray < 127
    assert np.mean((flat < 140) == ink) > 0.99
    assert np.mean((shadowed.pixels < 140) == ink) < 0.8


def test_flatten_background_leaves_black_pages_dark() -> None:
    """Where no light came back there is nothing to divide by, and noise is not blown up."""
    noise = np.random.default_rng(0).integers(0, 6, (60, 60), np.uint8)
    assert FlattenBackground()(Sheet(noise, "gray")).pixels.max() < 50


def test_median_takes_specks_and_leaves_edges() -> None:
    """A speck goes, a bar stays as it was."""
    page = np.full((30, 30), 255, np.uint8)
    page[5, 5] = 0
    page[15:22, :] = 0
    after = Blur(method="median")(Sheet(page, "gray")).pixels
    page[5, 5] = 255
    assert np.array_equal(after, page)


def test_fixed_level_is_the_highest_that_becomes_black() -> None:
    """127 becomes 0, 128 becomes 255, on gray and on ink sheets alike."""
    levels = np.array([[0, 127, 128, 255]], np.uint8)
    for kind in ("gray", "ink"):
        found = Threshold(method="fixed")(Sheet(levels, kind))
        assert found.pixels.tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("method", ["otsu", "adaptive", "sauvola"])
def test_threshold_finds_the_same_ink_in_either_polarity(method: str) -> None:
    """Inverting before or after makes no difference, and the ink's grey levels stay at hand."""
    threshold = Threshold.model_validate({"method": method})
    gray = sheet_of("gray")
    dark, light = threshold(gray), threshold(Invert()(gray))
    assert (dark.kind, light.kind) == ("binary", "mask")
    assert np.array_equal(dark.pixels, 255 - light.pixels)
    for found in (dark, light):
        assert found.ink is not None
        assert np.array_equal(found.ink, 255 - gray.pixels)
    assert np.mean((dark.pixels == 0) == (gray.pixels < 127)) > 0.97


def test_sauvola_is_its_formula() -> None:
    """Strips and running sums give what the definition gives, pixel by pixel."""
    gray = np.random.default_rng(3).integers(0, 256, (600, 31), np.uint8)
    gray[200:400] //= 4
    window, k = 15, 0.2
    padded = np.pad(gray, window // 2, mode="edge").astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    mean, deviation = windows.mean(axis=(2, 3)), windows.std(axis=(2, 3))
    level = mean * (1 + k * (deviation / 128 - 1))
    clear = np.abs(gray - level) > 0.01  # nearer than that is rounding
    assert np.array_equal(sauvola(gray, window, k)[clear], np.where(gray > level, 255, 0)[clear])


def test_window_follows_the_digits() -> None:
    """Without a window of its own, a stage takes 1.5 digit heights, else 1/25 of the page."""
    gray = sheet_of("gray")
    measured = replace(gray, digit_height_px=40.0)
    assert np.array_equal(Threshold()(measured).pixels, Threshold(window_px=61)(measured).pixels)
    unmeasured = replace(gray, digit_height_px=None)
    assert np.array_equal(
        Threshold()(unmeasured).pixels, Threshold(window_px=19)(unmeasured).pixels
    )


def test_parameters_of_another_method_are_refused() -> None:
    """A level for Sauvola, a sigma for the median: nobody would notice that they do nothing."""
    with pytest.raises(ValidationError, match="level belongs to method fixed, not to sauvola"):
        Threshold(level=100)
    with pytest.raises(ValidationError, match="adaptive or sauvola, not to otsu"):
        Threshold(method="otsu", window_px=31)
    with pytest.raises(ValidationError, match="sigma_px belongs to method gaussian"):
        Blur(method="median", sigma_px=2)


def test_defaults_of_the_chosen_method_are_part_of_the_stage() -> None:
    """So a default that changes with a version changes the plan's fingerprint."""
    assert Threshold(method="fixed").level == 127
    assert Threshold(method="sauvola").model_dump(exclude_none=True) == {
        "op": "threshold",
        "method": "sauvola",
        "k": 0.2,
    }


class TestFaintRules:
    def page(self, *, ruled: bool) -> tuple[Image, Image]:
        """Levels and mask of strokes that stand in line, with or without a faint rule under them.

        Two rules below show the direction that rules have on the page.
        """
        ink = np.zeros((300, 400), np.uint8)
        for y in (200, 260):
            ink[y : y + 2] = 120
        if ruled:
            ink[100:102] = 30
        mask = np.where(ink > 60, 255, 0).astype(np.uint8)
        for left in range(60, 240, 60):
            ink[100:102, left : left + 30] = 150
            mask[100:102, left : left + 30] = 255
        return ink, mask

    @pytest.mark.parametrize("ruled", [True, False])
    def test_strokes_in_line_are_no_rule_but_segments_of_a_faint_one_are(self, ruled: bool) -> None:
        """What the levels show between the segments tells a rule from strokes."""
        ink, mask = self.page(ruled=ruled)
        sheet = RemoveRules()(Sheet(mask, "mask", layers={"ink": ink}, digit_height_px=20.0))
        assert not sheet.pixels[200:].any()
        assert bool(sheet.pixels[100:102].any()) is not ruled


class TestRulesBetweenOthers:
    def page(self, faint: int, course: float = 0.0) -> Image:
        """Levels of rules 60 px apart, the third of them so faint, which sink by so much."""
        ink = np.zeros((320, 400), np.uint8)
        for number in range(5):
            level = faint if number == 2 else 120
            for x in range(400):
                y = round(40 + 60 * number + course * x)
                ink[y : y + 2, x] = level
        return ink

    def known(self, course: float = 0.0) -> list[Rule]:
        return [
            Rule(0, 399, np.array([0.0, course, 40.5 + 60 * number])) for number in (0, 1, 3, 4)
        ]

    @pytest.mark.parametrize("course", [0.0, 0.05])
    def test_a_rule_between_others_is_found_by_its_levels(self, course: float) -> None:
        """It runs as its neighbours do, and the mask need not show it."""
        (found,) = faint_rules(self.page(20, course), self.known(course), thickest_px=4)
        assert abs(float(np.polyval(found.curve, 200)) - (160.5 + course * 200)) <= 1.5
        assert found.curve[1] == pytest.approx(course, abs=0.005)

    def test_strokes_in_line_are_no_rule(self) -> None:
        """What lies between them is paper."""
        ink = self.page(0)
        for left in range(20, 380, 40):
            ink[160:162, left : left + 22] = 150
        assert not faint_rules(ink, self.known(), thickest_px=4)

    def test_two_rules_say_nothing_of_others(self) -> None:
        """It takes three to know how the rules of a page run."""
        assert not faint_rules(self.page(20), self.known()[:2], thickest_px=4)


class TestPenOnRules:
    def sheet(self, pen: int) -> tuple[Sheet, Image]:
        """Grey rules, a 7 that hangs from one by its bar, and other strokes; and where the 7 is."""
        ink = np.zeros((300, 400), np.uint8)
        for y in (60, 160, 260):
            ink[y : y + 3] = 110
        seven = np.zeros_like(ink)
        cv2.line(seven, (100, 161), (128, 161), 255, 3)
        cv2.line(seven, (128, 161), (112, 200), 255, 4)
        written = seven.copy()
        for x in range(180, 360, 30):
            cv2.line(written, (x, 180), (x, 220), 255, 4)
        ink[written > 0] = pen
        mask = np.where(ink > 60, 255, 0).astype(np.uint8)
        return Sheet(mask, "mask", layers={"ink": ink}, digit_height_px=40.0), seven

    def test_a_bar_that_lies_on_a_rule_stays_where_the_pen_is_darker(self) -> None:
        """By its shape it is the rule's; without it the 7 is a 1."""
        sheet, seven = self.sheet(pen=220)
        left = RemoveRules()(sheet).pixels
        bar = (slice(158, 165), slice(100, 126))
        assert np.count_nonzero(left[bar]) > 0.9 * np.count_nonzero(seven[bar])
        assert not left[158:165, 160:].any()
        assert not left[158:165, :95].any()

    def test_no_dash_of_a_dark_rule_stays_under_a_stroke_that_ends_on_it(self) -> None:
        """Where a digit stands on a rule, its foot would keep the rule's segment beneath it."""
        sheet, _ = self.sheet(pen=200)
        ink = sheet.pixels.copy()
        assert sheet.ink is not None
        levels = sheet.ink.copy()
        cv2.ellipse(levels, (60, 240), (14, 20), 0, 0, 360, 200, 4)
        levels[260:263, 50:70] = np.where(levels[260:263, 50:70] == 200, 200, 110)
        ink[levels > 60] = 255
        left = RemoveRules()(replace(sheet, pixels=ink, layers={"ink": levels})).pixels
        assert not left[(levels == 110) & (left > 0)].size

    def test_a_pen_as_light_as_the_rules_is_left_to_its_shape(self) -> None:
        """Nothing is told from levels that are alike: the result is that without them."""
        sheet, _ = self.sheet(pen=118)
        without = RemoveRules()(replace(sheet, layers={})).pixels
        assert np.array_equal(RemoveRules()(sheet).pixels, without)


class TestStackedStrokes:
    """Upright strokes of digit height, one above another in the cells of a table."""

    def left_of(self, stroke_px: int) -> tuple[Image, Image]:
        """What is left of a table, and its strokes: each has a cell of 30 px for itself."""
        table, strokes = np.zeros((320, 400), np.uint8), np.zeros((320, 400), np.uint8)
        for y in range(10, 320, 30):
            table[y : y + 2, 10:390] = 255
        for x in (12, 130, 260, 386):
            table[10:312, x : x + 2] = 255
        for y in range(40, 280, 30):
            strokes[y + 5 : y + 5 + stroke_px, 200:202] = 255
        ink = np.asarray(np.maximum(table, strokes) // 2, np.uint8)
        sheet = Sheet(
            np.asarray(table | strokes, np.uint8),
            "mask",
            layers={"ink": ink},
            digit_height_px=22.0,
        )
        return RemoveRules()(sheet).pixels, strokes

    def test_a_column_of_ones_is_no_rule(self) -> None:
        """They cover most of their way, but each stands alone and would vanish whole."""
        left, strokes = self.left_of(22)
        assert np.array_equal(left, strokes)

    def test_a_wall_goes_whole(self) -> None:
        """What is joined to the lines that it crosses is a wall, though it shows gaps."""
        left, _ = self.left_of(25)
        assert not left.any()


@pytest.mark.parametrize("grey", [225, 240])
def test_a_grey_of_dots_is_paper(grey: int) -> None:
    """Of a fax that shows grey paper as black dots, only the strokes are ink."""
    page = np.full((200, 300), grey, np.uint8)
    page[60:120, 100:108] = 20
    page[60:120, 180:188] = 20
    dots = np.asarray(Pil.fromarray(page).convert("1"), np.uint8) * np.uint8(255)
    assert np.count_nonzero(dots[:50] == 0) > 200
    mask = Hysteresis()(InkLevels()(Sheet(dots, "gray"))).pixels
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    assert count == 3
    assert sorted(stats[1:, cv2.CC_STAT_LEFT]) == pytest.approx([100, 180], abs=2)
