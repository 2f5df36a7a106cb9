"""What the ink network says of real pages, by the zones and the truth that there is.

DIGITBATCH_DATA=... python -m benchmarks.ink_classes [--model DIR] [--pictures DIR] [KIND ...]

Of each kind of scans: what the pixels of ink are called in zones that hold a number, in zones that
hold none, and outside of zones; of pages without zones, on all of the page. And how many zones a
component of digit ink is found in, and how long a page takes. A Markdown table. With `--pictures`,
each page with its ink in the colours of its classes.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.scans import MORE_SCANS, SCANS, read_scans
from digitbatch.networks.ink.pictures import PAPER_LEVEL, InkPicture, ink_picture
from digitbatch.networks.onnx_runtime import OnnxInk
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.types import INK_CLASSES, Image

KINDS: Final = (
    "forms as found", "photos of numbers", "real photos", "real tables on a desk",
    "real mark tables",
)  # fmt: skip
_COLOURS: Final = np.array(
    [[235, 235, 235], [220, 30, 30], [30, 30, 220], [30, 160, 30], [200, 160, 0]], np.uint8
)  # of each class, R, G, B
_DIFFERS: Final = 24  # levels from paper: what differs more is ink here
_LEAST_PX: Final = 8  # of digit ink in a zone, at half resolution


@dataclass(slots=True)
class Shares:
    """What ink of some places is called."""

    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(INK_CLASSES), np.int64))
    places: int = 0
    with_digits: int = 0  # places that hold some

    def add(self, said: NDArray[np.int64], ink: NDArray[np.bool_]) -> None:
        """Count one place."""
        counts = np.bincount(said[ink], minlength=len(INK_CLASSES))
        self.pixels += counts
        self.places += 1
        self.with_digits += int(counts[1] >= _LEAST_PX)

    def __str__(self) -> str:
        total = max(1, int(self.pixels.sum()))
        return " / ".join(f"{100 * count / total:.0f}" for count in self.pixels[1:])


@dataclass(slots=True)
class Kind:
    """What was said of a kind of pages."""

    written: Shares = field(default_factory=Shares)
    empty: Shares = field(default_factory=Shares)
    outside: Shares = field(default_factory=Shares)
    taken_ms: list[float] = field(default_factory=list)
    picture_ms: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=KINDS, metavar="KIND", help="of scans")
    parser.add_argument("--model", type=Path, default=Path("models/ink"))
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    root = os.environ.get("DIGITBATCH_DATA")
    if root is None:
        sys.exit("DIGITBATCH_DATA is not set: it names the folder with the scans in dev/")
    unknown = [kind for kind in options.kinds if kind not in (*SCANS, *MORE_SCANS)]
    if unknown:
        sys.exit(f"no such scans: {', '.join(unknown)} (there are {', '.join(SCANS + MORE_SCANS)})")
    reader = OnnxInk(options.model)
    print("Ink called digit / other writing / print / rule, in percent:\n")
    print("| | written zones | ... with digits | empty zones | ... with digits | outside | ms |")
    print("|---|---|---|---|---|---|---|")
    for name in options.kinds:
        kind = Kind()
        for page in read_scans(Path(root) / "dev", name):
            _count(kind, page, reader, options.pictures)
        written, empty = kind.written, kind.empty
        taken = f"{np.median(kind.taken_ms):.1f} (and {np.median(kind.picture_ms):.1f})"
        print(
            f"| {name} | {written} | {written.with_digits} of {written.places} | {empty} |"
            f" {empty.with_digits} of {empty.places} | {kind.outside} | {taken} |"
        )


def _count(kind: Kind, page: LabelledPage, reader: OnnxInk, pictures: Path | None) -> None:
    start = time.process_time()
    picture = ink_picture(page.page.pixels)
    prepared = time.process_time()
    logits = reader.logits(picture.levels)
    kind.picture_ms.append(1000 * (prepared - start))
    kind.taken_ms.append(1000 * (time.process_time() - prepared))
    said = np.asarray(logits.argmax(axis=0), np.int64)
    ink = ink_of(picture)
    rest = ink.copy()
    height, width = picture.height // 2, picture.width // 2
    if isinstance(page.written, dict):
        for zone in page.config.zones:
            left, top, right, bottom = zone.on_page(
                page.page.pixels.shape[1], page.page.pixels.shape[0]
            )
            rows = slice(int(top * height), int(bottom * height) + 1)
            columns = slice(int(left * width), int(right * width) + 1)
            shares = kind.written if page.written.get(zone.name) else kind.empty
            shares.add(said[rows, columns], ink[rows, columns])
            rest[rows, columns] = False
    kind.outside.add(said, rest)
    if pictures is not None:
        _save(pictures, page, picture, said, ink)


def ink_of(picture: InkPicture) -> NDArray[np.bool_]:
    """(H/2, W/2) what differs from the page's paper."""
    differs = np.abs(picture.levels.astype(np.int16) - PAPER_LEVEL).max(axis=0)
    tall, wide = differs.shape
    ink = differs.reshape(tall // 2, 2, wide // 2, 2).max(axis=(1, 3)) >= _DIFFERS
    ink[picture.height // 2 :] = False
    ink[:, picture.width // 2 :] = False
    return np.asarray(ink, np.bool_)


def _save(
    folder: Path,
    page: LabelledPage,
    picture: InkPicture,
    said: NDArray[np.int64],
    ink: NDArray[np.bool_],
) -> None:
    """The page beside its classes."""
    colours = _COLOURS[said]
    faint = (~ink)[..., None] & (said > 0)[..., None]
    colours = np.where(faint, (colours.astype(int) + 2 * 235) // 3, colours).astype(np.uint8)
    size = said.shape[1], said.shape[0]
    levels = np.ascontiguousarray(picture.levels.transpose(1, 2, 0))
    small = np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA), np.uint8)
    beside: Image = np.concatenate([small, colours], axis=1)
    folder.mkdir(parents=True, exist_ok=True)
    name = page.page.ref.file.replace("/", "-")
    coded = cv2.imencode(".png", cv2.cvtColor(beside, cv2.COLOR_RGB2BGR))[1]
    (folder / f"{name}.png").write_bytes(coded.tobytes())


if __name__ == "__main__":
    main()
