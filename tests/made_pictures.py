"""Pictures that tests draw, the files they make of them, and a way to read one."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Image, Page

Read = Callable[..., Page]
"""`read_page` for a folder."""
PNG = b"\x89PNG\r\n\x1a\n"
PAPER, INK = 250, 20


def drawing(height: int = 61, width: int = 83) -> Image:
    """A grey page, no two quarters of it alike, with a little noise."""
    page = np.full((height, width), PAPER, np.uint8)
    cv2.putText(page, "7", (8, height // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.9, INK, 2)
    page[height - 6 : height - 3, width // 2 :] = INK
    noise = np.random.default_rng(0).integers(-3, 4, page.shape)
    return np.asarray(np.clip(page + noise, 0, 255), np.uint8)


def coloured() -> Image:
    """A page with a red digit."""
    page = np.dstack([drawing()] * 3)
    page[:, :, 0] = np.maximum(page[:, :, 0], 200)
    return page


def encode(pixels: Image | Pillow.Image, kind: str, **options: object) -> bytes:
    """A file of the pixels."""
    buffer = io.BytesIO()
    picture = pixels if isinstance(pixels, Pillow.Image) else Pillow.fromarray(pixels)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def read_page(
    folder: Path, data: bytes, page: int = 1, *, pages: int = 1, name: str = "p.png", **options: int
) -> Page:
    """Read a page of a file that holds `data` and must have so many pages."""
    path = folder / name
    path.write_bytes(data)
    with open_source(SourceFile(path, "in/" + name), InputOptions(**options)) as reader:
        assert reader.page_count == pages
        found = reader.read(page)
    assert found.ref.page == page
    assert found.pixels.dtype == np.uint8
    assert found.pixels.flags.c_contiguous
    return found
