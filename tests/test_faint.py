"""Digits fainter than the page's pen: beside others they are digits, and a person looks."""

import cv2
import numpy as np
import pytest

from digitbatch.config import Config
from digitbatch.networks.runtime import load_networks
from digitbatch.reading import read_page
from digitbatch.stages.base import Sheet
from digitbatch.stages.geometry import Resize
from digitbatch.stages.hysteresis import Hysteresis
from digitbatch.types import Image, Page, PageRef
from tests.plain_hand import HAND

SIZE = 40
PEN, FAINT, PAPER = 200, 55, 4
OTHERS = [
    (label, 20 + 45 * at, 250, PEN) for at, label in enumerate((8, 8, 8, 8, 8, 8, 8, 8, 8, 8))
]
"""Another line of the page, which says how dark its pen is."""


def levels(*digits: tuple[int, int, int, int]) -> Image:
    """Ink of digits: which, where its left and top are, and its level."""
    rng = np.random.default_rng(0)
    page: Image = np.full((300, 500), PAPER, np.uint8)
    for label, left, top, level in digits:
        drawn = HAND(label, rng, float(SIZE))
        part = page[top : top + drawn.shape[0], left : left + drawn.shape[1]]
        np.maximum(part, np.asarray(drawn * (level / 255), np.uint8), out=part)
    return page


def is_kept(left: int, top: int, size: float = 1.0) -> bool:
    """Whether a faint 8 there is kept, with a dark one at (100, 100)."""
    page = levels((8, 100, 100, PEN), *OTHERS)
    faint = levels((8, left, top, FAINT))
    if size != 1.0:
        faint = np.asarray(cv2.resize(faint[top:, left:], None, fx=size, fy=size), np.uint8)
        faint = np.pad(faint[: 300 - top, : 500 - left], ((top, 0), (left, 0)))[:300, :500]
        faint = np.pad(faint, ((0, 300 - len(faint)), (0, 500 - faint.shape[1])))
    sheet = Sheet(np.maximum(page, faint), "ink", digit_height_px=float(SIZE))
    found = Hysteresis()(sheet)
    around = found.pixels[top : top + SIZE, left : left + SIZE]
    assert (found.faint is not None) == bool(around.any())
    return bool(around.any())


class TestWhatIsKept:
    @pytest.mark.parametrize("left", [40, 140, 160])
    def test_ink_of_a_digits_size_beside_a_digit_is_kept(self, left: int) -> None:
        """On either side, up to a digit's height away, also a little higher or lower."""
        assert is_kept(left, 100)
        assert is_kept(left, 90)
        assert is_kept(left, 112)

    def test_ink_alone_is_dropped(self) -> None:
        """Further away or on another line it may shine through from the back."""
        assert not is_kept(300, 100)
        assert not is_kept(100, 170)
        assert not is_kept(150, 150)

    @pytest.mark.parametrize("size", [0.35, 2.2])
    def test_ink_of_another_size_is_dropped(self, size: float) -> None:
        """Specks and large shadows are no digits."""
        assert not is_kept(150, 100, size)

    def test_the_noise_of_a_dark_corner_is_dropped(self) -> None:
        """It has shapes of a digit's size, but no blank paper around them."""
        noise = np.abs(np.random.default_rng(3).normal(0, 1, (300, 500))).astype(np.float32)
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.float32)
        corner = np.zeros((300, 500), np.float32)
        corner[60:180, 150:330] = 1.0
        grey = np.asarray(np.clip(noise * corner * 32, 0, 60), np.uint8)
        page = np.maximum(levels((8, 200, 100, PEN), *OTHERS), grey)
        assert Hysteresis()(Sheet(page, "ink", digit_height_px=float(SIZE))).faint is None

    def test_a_row_of_faint_digits_is_followed(self) -> None:
        """Each is beside one that is kept."""
        faint = [(label, 140 + 40 * at, 100, FAINT) for at, label in enumerate((3, 5, 8, 2))]
        page = levels((8, 100, 100, PEN), *OTHERS, *faint)
        found = Hysteresis()(Sheet(page, "ink", digit_height_px=float(SIZE)))
        assert all(found.pixels[100:140, x : x + 30].any() for _, x, _, _ in faint)
        assert found.faint is not None
        assert not found.faint[:, :135].any()

    def test_nothing_is_kept_where_no_size_is_known(self) -> None:
        """What a digit is like has then not been measured."""
        page = levels((8, 100, 100, PEN), (8, 140, 100, FAINT))
        assert Hysteresis()(Sheet(page, "ink")).faint is None


def resizing() -> Config:
    """The packaged chain, with a stage after `hysteresis` that keeps the page's size."""
    stages = list(Config().stages)
    after = next(at for at, stage in enumerate(stages, 1) if isinstance(stage, Hysteresis))
    return Config(stages=(*stages[:after], Resize(scale=1), *stages[after:]))


@pytest.mark.parametrize("config", [Config(), resizing()], ids=["packaged", "resizing"])
@pytest.mark.parametrize("faint_at", [(), (2,), (4,), (3, 4)])
def test_a_faint_digit_is_read_and_looked_at(faint_at: tuple[int, ...], config: Config) -> None:
    """A number that lacks it would look whole; it is looked at whatever stages come after."""
    written = [
        (int(char), 60 + 42 * at, 60 + 70 * row, FAINT if row == 1 and at in faint_at else PEN)
        for row, text in enumerate(("35728", "82653", "25375"))
        for at, char in enumerate(text)
    ]
    pixels = np.asarray(255 - np.asarray(levels(*written), np.int16), np.uint8)
    page = Page(PageRef("page.png", 1), pixels)
    result = read_page(page, config, load_networks())
    assert [field.text for field in result.fields] == ["35728", "82653", "25375"]
    doubted = ["fainter" in field.message for field in result.fields]
    assert doubted == [False, bool(faint_at), False]
    assert not faint_at or result.fields[1].status == "review"
