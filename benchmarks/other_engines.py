"""Tesseract and RapidOCR read pages as digitbatch does, for comparison; neither is needed.

They are set up as a careful user of each would. Both are given what digitbatch is given: where
there are zones, each zone is cut from the page as digitbatch lays it (on its template, if it has
one) and read as one line; a page without zones is read whole. Of what they read, digits count.
Neither says which of its lines are sure, so all are for review.
"""

import importlib.util
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import cv2
import numpy as np

from digitbatch.config import Config
from digitbatch.page.forms.registration import register
from digitbatch.types import FieldResult, Image, Page, PageResult

Reader = Callable[[Page, Config], PageResult]
"""Reads one page; a PageError says that it cannot be read."""


class MissingEngineError(Exception):
    """An engine is not installed; the message says how to install it."""


class Engine(NamedTuple):
    """A reader, and what it is exactly."""

    read: Reader
    version: str


def tesseract() -> Engine:
    """Tesseract 4 or newer, its English model, told that there are digits alone.

    Raises:
        MissingEngineError: If the program is not on the path.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise MissingEngineError("Tesseract is not installed: apt-get install tesseract-ocr")
    found = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - the program that the measurement is about

    one_thread = os.environ | {"OMP_THREAD_LIMIT": "1"}

    def recognise(pixels: Image, page_segmentation: str) -> list[str]:
        encoded = cv2.imencode(".png", _bgr(pixels))[1].tobytes()
        options = ["--psm", page_segmentation, "-c", "tessedit_char_whitelist=0123456789"]
        read = subprocess.run(  # noqa: S603 - as above
            [program, "stdin", "stdout", *options],
            input=encoded, capture_output=True, check=True, env=one_thread,
        )  # fmt: skip
        return read.stdout.decode().splitlines()

    def read(page: Page, config: Config) -> PageResult:
        if not config.zones:
            return _lines(page, recognise(page.pixels, "6"))  # 6: one block of text
        zones = _zone_pictures(page, config)
        return _zones(page, {name: "".join(recognise(zone, "7")) for name, zone in zones})  # a line

    return Engine(read, found.stdout.split()[1])


def rapidocr() -> Engine:
    """RapidOCR as it is when nothing is set; zones are not searched for text, but read as it.

    Raises:
        MissingEngineError: If the package is not installed.
    """
    if importlib.util.find_spec("rapidocr") is None:
        raise MissingEngineError("RapidOCR is not installed: pip install rapidocr")
    from rapidocr import RapidOCR

    # One thread, as the others have; it changes no result.
    threads = {f"EngineConfig.onnxruntime.{part}_op_num_threads": 1 for part in ("intra", "inter")}
    recognise: Any = RapidOCR(params={"Global.log_level": "error", **threads})

    def read(page: Page, config: Config) -> PageResult:
        if not config.zones:
            found = recognise(_bgr(page.pixels), use_det=True, use_cls=True, use_rec=True)
            if found.boxes is None or found.txts is None:
                return _lines(page, [])
            return _lines(page, in_rows(zip(found.boxes, found.txts, strict=True)))
        texts = {}
        for name, zone in _zone_pictures(page, config):
            found = recognise(_bgr(zone), use_det=False, use_cls=False, use_rec=True)
            texts[name] = "".join(found.txts or ())
        return _zones(page, texts)

    return Engine(read, version("rapidocr"))


ENGINES: Final = {"tesseract": tesseract, "rapidocr": rapidocr}


def in_rows(found: Iterable[tuple[Any, str]]) -> list[str]:
    """Texts with their corners ((4, 2) pixels), joined to rows and read from top left on.

    A text belongs to a row if its middle is within half a text's height of the row's last one.
    """
    places = []
    for corners, text in found:
        x, y = np.asarray(corners, np.float64).T
        places.append((float(y.mean()), float(np.ptp(y)), float(x.min()), text))
    rows: list[list[tuple[float, float, float, str]]] = []
    for place in sorted(places):
        if rows and place[0] - rows[-1][-1][0] < 0.5 * min(place[1], rows[-1][-1][1]):
            rows[-1].append(place)
        else:
            rows.append([place])
    return [" ".join(text for *_, text in sorted(row, key=lambda one: one[2])) for row in rows]


def digits_of(text: str) -> str:
    """The digits of a text, also those of other scripts and widths."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdigit())


def _zone_pictures(page: Page, config: Config) -> list[tuple[str, Image]]:
    laid = register(page, config)
    height, width = laid.page.pixels.shape[:2]
    cut = []
    for placed in laid.zones:
        left, top, right, bottom = placed.place
        rows = slice(max(0, round(top * height)), max(round(bottom * height), 1))
        columns = slice(max(0, round(left * width)), max(round(right * width), 1))
        cut.append((placed.zone.name, laid.page.pixels[rows, columns]))
    return cut


def _bgr(pixels: Image) -> Image:
    code = cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), np.uint8)


def _lines(page: Page, texts: Iterable[str]) -> PageResult:
    return _result(page, {str(at): text for at, text in enumerate(texts) if digits_of(text)})


def _zones(page: Page, texts: dict[str, str]) -> PageResult:
    return _result(page, texts)


def _result(page: Page, texts: dict[str, str]) -> PageResult:
    fields = (FieldResult(name, "review", digits_of(text)) for name, text in texts.items())
    return PageResult(page.ref, tuple(fields))
