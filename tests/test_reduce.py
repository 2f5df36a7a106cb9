"""Large scans are read from as many pixels as their digits need, and no result shows it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from digitbatch.config import Config
from digitbatch.engine.chunks import Chunk, read_chunk
from digitbatch.engine.recipe import PageReading
from digitbatch.errors import CoarsePageError
from digitbatch.imaging.projective import halved
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.networks.registry import packaged_model
from digitbatch.packaged import default_model
from digitbatch.reading.page_reader import default_judge
from digitbatch.stages.base import Sheet
from digitbatch.stages.scale import Reduce
from digitbatch.synth.pages import PageStyle, write_lines
from digitbatch.synth.paper import Paper
from digitbatch.synth.strokes import Hand
from digitbatch.types import Box, Image, PageResult

TEXTS = ["31415", "92653", "58979", "32384"]


def page(digits_px: float, **style: Any) -> Image:
    """Four lines, (H, W, 3)."""
    rng = np.random.default_rng(5)
    size = (round(13 * digits_px), round(12 * digits_px))
    look = PageStyle(
        size[0],
        size[1],
        Paper(skew_deg=0.0, print_colour=(90, 100, 140)),
        digit_height_px=digits_px,
        **style,
    )
    return write_lines(TEXTS, look, Hand.draw(rng), rng).pixels


def read(path: Path, config: Config | None = None) -> PageResult:
    """Read a file of one page as a worker does."""
    config = config or Config()
    judge = default_judge(config)
    reader = PageReading(
        config, default_model(), packaged_model("line"), packaged_model("ink"), judge
    )({})
    source = SourceFile(path, path.name)
    (found,) = read_chunk(Chunk(source), reader, InputOptions())
    return found.result


def test_high_digits_are_halved_and_stay_where_they_are() -> None:
    """Half of the width and height; the way back leads to the same places."""
    pixels = page(105.0)
    small = Reduce()(Sheet(pixels, "color"))
    assert small.pixels.shape[0] == pixels.shape[0] // 2
    assert small.digit_height_px == pytest.approx(52, rel=0.2)
    assert small.to_scan @ [0, 0, 1] == pytest.approx([0.5, 0.5])
    assert small.to_scan @ [10, 20, 1] == pytest.approx([20.5, 40.5])


@pytest.mark.parametrize("pixels", [page(50.0), page(105.0, rules="squared")], ids=["low", "ruled"])
def test_low_digits_and_ruled_paper_keep_their_pixels(pixels: Image) -> None:
    """Few pixels a digit, or thin rules: each pixel is needed."""
    assert Reduce()(Sheet(pixels, "color")).pixels is pixels
    with pytest.raises(CoarsePageError):
        Reduce()(Sheet(halved(pixels), "color", came_halved=True))


def test_a_jpeg_is_decoded_halved_where_that_will_do(tmp_path: Path) -> None:
    """Its result is that of the same page as PNG, in pixels of the scan."""
    pixels = page(230.0)
    Pillow.fromarray(pixels).save(tmp_path / "page.jpg", quality=95, dpi=(600, 600))
    Pillow.fromarray(pixels).save(tmp_path / "page.png")
    with open_source(SourceFile(tmp_path / "page.jpg", "page.jpg"), InputOptions()) as source:
        half, whole = source.read(1, halved=True), source.read(1)
    assert (half.scale, half.dpi, whole.scale, whole.dpi) == (2, 300, 1, 600)
    assert half.pixels.shape[0] == (whole.pixels.shape[0] + 1) // 2
    found, expected = read(tmp_path / "page.jpg"), read(tmp_path / "page.png")
    assert [field.text for field in found.fields] == TEXTS
    assert [field.text for field in expected.fields] == TEXTS
    for field, other in zip(found.fields, expected.fields, strict=True):
        assert field.box
        assert other.box
        assert _apart_px(field.box, other.box) <= 8  # a pixel or two of those that were read


def test_a_jpeg_that_needs_its_pixels_is_decoded_again(tmp_path: Path) -> None:
    """A large page with low digits is read as if it had never been halved."""
    pixels = np.full((2700, 2000, 3), 250, np.uint8)
    small = page(40.0)
    pixels[300 : 300 + small.shape[0], 200 : 200 + small.shape[1]] = small
    Pillow.fromarray(pixels).save(tmp_path / "page.jpg", quality=95)
    Pillow.open(tmp_path / "page.jpg").save(tmp_path / "page.png")
    found, expected = read(tmp_path / "page.jpg"), read(tmp_path / "page.png")
    assert [field.text for field in found.fields] == TEXTS
    assert found.fields == expected.fields


def _apart_px(one: Box, two: Box) -> int:
    """How far the farthest of two boxes' edges lie from each other."""
    return max(
        abs(one.left - two.left), abs(one.top - two.top),
        abs(one.right - two.right), abs(one.bottom - two.bottom),
    )  # fmt: skip
