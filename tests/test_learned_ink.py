"""Ink told by a network: the page as the network sees it, and how a component's pixels vote."""

import cv2
import numpy as np
import pytest

from digitbatch.networks.ink.pictures import INK_VIEW, PAPER_LEVEL, TILE_PX, ink_picture
from digitbatch.networks.runtime import INK, NetworkSet
from digitbatch.page.connected_components import connected_components
from digitbatch.page.ink_classes.learned import component_shares
from digitbatch.types import INK_CLASSES, Image, InkMap


def page_with_line(paper: int, ink: int, shape: tuple[int, int] = (600, 400)) -> Image:
    """A stroke 8 px wide in the middle of a page."""
    page = np.full(shape, paper, np.uint8)
    page[280:288, 100:300] = ink
    return page


@pytest.mark.parametrize(("paper", "ink"), [(240, 20), (120, 60), (20, 240)])
def test_contrast_is_levelled(paper: int, ink: int) -> None:
    """Whatever paper and pen, paper comes to one level and ink away from it, on its own side."""
    levels = ink_picture(page_with_line(paper, ink)).levels
    assert abs(int(levels[1, 100, 100]) - PAPER_LEVEL) <= 2
    differs = int(levels[1, 284, 200]) - PAPER_LEVEL
    assert np.sign(differs) == np.sign(ink - paper)
    assert abs(differs) > 60


def test_shadows_go() -> None:
    """Paper in a shadow is as light as paper beside it, and its ink is ink."""
    page = page_with_line(230, 40)
    shadow = np.linspace(1.0, 0.4, 400)[None]
    levels = ink_picture((page * shadow).astype(np.uint8)).levels[1].astype(int)
    blank = levels[100:200:10, 20:380:10]
    assert np.abs(blank - PAPER_LEVEL).max() < 12
    assert levels[284, 250] < PAPER_LEVEL - 40


def test_grain_is_not_blown_up() -> None:
    """A page of nothing but faint noise stays nearly blank."""
    rng = np.random.default_rng(0)
    page = np.clip(rng.normal(200, 2, (400, 400)), 0, 255).astype(np.uint8)
    levels = ink_picture(page).levels.astype(int)
    assert np.percentile(np.abs(levels - PAPER_LEVEL), 99) < 40


@pytest.mark.parametrize("shape", [(3300, 2500), (100, 2000), (28, 28), (33, 65), (1, 1)])
def test_all_pages_fit(shape: tuple[int, int]) -> None:
    """A picture's sides are multiples of a tile, and none is larger than what a page may cost."""
    picture = ink_picture(np.full(shape, 200, np.uint8))
    assert picture.levels.shape[1] % TILE_PX == 0
    assert picture.levels.shape[2] % TILE_PX == 0
    assert picture.height * picture.width <= 1.01 * INK_VIEW.area_px
    assert picture.levels.shape[1] - picture.height < TILE_PX
    assert max(picture.height, picture.width) >= min(INK_VIEW.least_side_px, max(shape) * 20)


def map_of(classes: Image, scale: float) -> InkMap:
    """A map that is sure of the class of each of its pixels, with 0.96."""
    probabilities = np.full((len(INK_CLASSES), *classes.shape), 0.01, np.float32)
    for place in range(len(INK_CLASSES)):
        probabilities[place][classes == place] = 0.96
    return InkMap(np.log(probabilities), scale)


def test_pixels_vote() -> None:
    """A component is what most of its pixels are, whole: a stray pixel of the map cuts nothing."""
    mask = np.zeros((80, 160), np.uint8)
    mask[10:40, 20:26] = 255
    mask[10:40, 100:130] = 255
    classes = np.zeros((40, 80), np.uint8)
    classes[:, 5:20] = INK_CLASSES.index("digit")
    classes[8:10, 5:20] = INK_CLASSES.index("rule")
    classes[:, 45:70] = INK_CLASSES.index("print")
    components = connected_components(mask)
    shares = component_shares(map_of(classes, 0.5), np.eye(3)[:2], components)
    assert shares.shape == (2, len(INK_CLASSES))
    by_place = dict(zip(components.left.tolist(), shares, strict=True))
    assert INK_CLASSES[by_place[20].argmax()] == "digit"
    assert INK_CLASSES[by_place[100].argmax()] == "print"
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert (
        len(component_shares(map_of(classes, 0.5), np.eye(3)[:2], connected_components(mask * 0)))
        == 0
    )


def test_votes_come_from_the_scan() -> None:
    """A sheet that was cropped and reduced asks the map where it came from."""
    classes = np.zeros((50, 50), np.uint8)
    classes[30:40, 30:40] = INK_CLASSES.index("print")
    mask = np.zeros((25, 25), np.uint8)
    mask[8:12, 8:12] = 255
    to_page = np.array([[4.0, 0, 100], [0, 4.0, 100]])
    (shares,) = component_shares(map_of(classes, 0.25), to_page, connected_components(mask))
    assert INK_CLASSES[shares.argmax()] == "print"


def test_networks_tell_ink() -> None:
    """The networks' answer is a map of the page at half of what the network saw, without margin."""

    def network(rows: list[Image]) -> list[Image]:
        (levels,) = rows
        shape = len(INK_CLASSES), levels.shape[1] // 2, levels.shape[2] // 2
        logits = np.zeros(shape, np.float32)
        logits[2] = cv2.resize(levels[0], shape[:0:-1]).astype(np.float32)
        return [logits]

    networks = NetworkSet({INK: network})
    assert networks.tells_ink
    assert not NetworkSet({}).tells_ink
    found = networks.ink_classes(page_with_line(240, 20))
    assert found.log_probabilities.shape == (5, 300, 200)
    assert found.scale == pytest.approx(0.5)
    np.testing.assert_allclose(np.exp(found.log_probabilities).sum(axis=0), 1, rtol=1e-4)
