"""A small picture of each field of a page, cut from its scan for people to look at."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from digitbatch.page.forms.registration import RegisteredPage
from digitbatch.types import Box, Image, Page, PageResult


@dataclass(frozen=True, slots=True)
class FieldImages:
    """How large pictures of fields are."""

    beside: float = 0.3  # of its height: what is shown around a line
    beside_zone: float = 0.12  # the same around a zone, which has room of its own
    height_px: int = 72
    width_px: int = 560
    page_px: int = 110  # height of a whole page, where nothing else can be shown
    quality: int = 60  # of WebP, 1 to 100


TUNED: Final = FieldImages()


def with_pictures(result: PageResult, page: Page, laid: RegisteredPage) -> PageResult:
    """A page's result with a picture of each field; b"" where there is nothing to show.

    Boxes are on the scan; fields of a template are cut from the laid page, where they are upright.
    """
    pictures = (_webp(cut) if cut is not None else b"" for cut in _cuts(result, page, laid))
    return replace(result, pictures=tuple(pictures))


def _cuts(result: PageResult, page: Page, laid: RegisteredPage) -> Iterator[Image | None]:
    places = {placed.zone.name: placed.place for placed in laid.zones}
    for field in result.fields:
        if field.status == "error":
            yield None
        elif field.name in places:
            height, width = laid.page.pixels.shape[:2]
            left, top, right, bottom = places[field.name]
            box = Box(
                int(left * width), int(top * height),
                max(int(right * width), int(left * width) + 1),
                max(int(bottom * height), int(top * height) + 1),
            )  # fmt: skip
            if laid.to_scan is None and field.box is not None:
                box = box.union(field.box)
            yield _small(_cut(laid.page.pixels, box, TUNED.beside_zone), TUNED.height_px)
        elif field.box is not None:
            yield _small(_cut(page.pixels, field.box, TUNED.beside), TUNED.height_px)
        else:
            yield _small(page.pixels, TUNED.page_px)


def _cut(pixels: Image, box: Box, beside: float) -> Image:
    room = round(beside * box.height) + 2
    height, width = pixels.shape[:2]
    top, left = min(max(0, box.top - room), height - 1), min(max(0, box.left - room), width - 1)
    return pixels[top : max(box.bottom + room, top + 1), left : max(box.right + room, left + 1)]


def _small(pixels: Image, height_px: int) -> Image:
    height, width = pixels.shape[:2]
    scale = min(1.0, height_px / height, TUNED.width_px / width)
    if scale == 1.0:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _webp(pixels: Image) -> bytes:
    ordered = pixels if pixels.ndim == 2 else pixels[:, :, ::-1]
    done, data = cv2.imencode(
        ".webp", np.ascontiguousarray(ordered), [cv2.IMWRITE_WEBP_QUALITY, TUNED.quality]
    )
    return data.tobytes() if done else b""
