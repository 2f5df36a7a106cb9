"""Typefaces: whatever this machine has, and text set in them.

None comes with digitbatch. Debian's `fonts-*` packages, fonts of Python packages and folders that
`DIGITBATCH_FONTS` names are found; without any, OpenCV's stroke letters stand in.
"""

import os
import sys
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from digitbatch.synth.form_pages.dice import Dice
from digitbatch.types import Image

_PLACES: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
_LIKE_HANDWRITING: Final = (
    "chancery", "script", "hand", "brush", "cursive", "zapf", "callig", "italianno", "pacifico",
    "d050000l", "symbol", "awesome", "emoji", "music", "dingbat", "icons", "dancing", "caveat",
    "znikomit", "braille", "keyboard", "libertine_k", "lmmath", "texgyre-math", "duployan",
    "signwriting",
)  # fmt: skip
_SCRIPTS: Final = {
    "DEVANAGARI": (0x905, 0x939), "BENGALI": (0x985, 0x9B9), "TAMIL": (0xB85, 0xBB9),
    "ARABIC": (0x627, 0x64A), "HEBREW": (0x5D0, 0x5EA), "THAI": (0xE01, 0xE2E),
    "TELUGU": (0xC05, 0xC39), "GEORGIAN": (0x10D0, 0x10F0), "ETHIOPIC": (0x1200, 0x1248),
    "ARMENIAN": (0x561, 0x586), "GREEK": (0x391, 0x3C9), "CYRILLIC": (0x410, 0x44F),
    "SINHALA": (0xD85, 0xDC6), "KHMER": (0x1780, 0x17A2), "KANNADA": (0xC85, 0xCB9),
}  # fmt: skip
_STROKE_LETTERS: Final = "stroke letters"
_OPENCV: Final = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


class Typefaces:
    """The typefaces that pages are set in."""

    def __init__(self, files: Sequence[Path] | None = None) -> None:
        """Look for them.

        Args:
            files: Those to take; None: all that this machine has. Those that cannot be used, or
                look as if written by hand, are left out.
        """
        found = [str(path) for path in (_files() if files is None else files)]
        self.latin = [path for path in found if _has(path, "Ag5")] or [
            f"{_STROKE_LETTERS} {number}" for number in range(len(_OPENCV))
        ]
        families: dict[str, list[str]] = {}
        for path in self.latin:
            families.setdefault(_family(path), []).append(path)
        self._families = list(families.values())
        self.foreign = [
            (path, name)
            for path in found
            for name in _SCRIPTS
            if name in Path(path).stem.upper()
            or (name in ("GREEK", "CYRILLIC") and "DejaVu" in path)
        ]

    def __len__(self) -> int:
        """How many there are, for Latin text."""
        return len(self.latin)

    def pick(self, dice: Dice) -> str:
        """A typeface for Latin text: a family, then one of its cuts."""
        return dice.pick(dice.pick(self._families))


def foreign_word(script: str, dice: Dice) -> str:
    """A word of letters of another script; it means nothing."""
    low, high = _SCRIPTS[script]
    letters = [chr(dice.count(low, high)) for _ in range(dice.count(2, 8))]
    return "".join(one for one in letters if unicodedata.category(one).startswith("L"))


@lru_cache(maxsize=4096)
def text_mask(text: str, face: str, size_px: int) -> Image:
    """Set a line of text.

    Args:
        text: One line.
        face: As `Typefaces` gives them.
        size_px: Of the type; capitals are about 0.7 of it.

    Returns:
        (h, w) uint8, ink 255 on 0, cut to the text with a pixel around; (0, 0) for no ink.
    """
    if face.startswith(_STROKE_LETTERS):
        return _stroke_text(text, int(face.rsplit(" ", 1)[1]), size_px)
    font = _font(face, size_px)
    try:
        left, top, right, bottom = (int(side) for side in font.getbbox(text))
    except (OSError, ValueError):
        return np.zeros((0, 0), np.uint8)
    width, height = right - left + 2, bottom - top + 2
    if width < 4 or height < 3 or width * height > 1_500_000:
        return np.zeros((0, 0), np.uint8)
    picture = Pictures.new("L", (width, height), 0)
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=font)
    return np.asarray(picture, np.uint8)


def _stroke_text(text: str, which: int, size_px: int) -> Image:
    scale, thick = size_px / 30, max(1, round(size_px / 16))
    (width, height), below = cv2.getTextSize(text, _OPENCV[which], scale, thick)
    mask = np.zeros((height + below + 4, max(1, width + 4)), np.uint8)
    cv2.putText(mask, text, (2, height + 2), _OPENCV[which], scale, 255, thick, cv2.LINE_AA)
    return mask


@lru_cache(maxsize=512)
def _font(path: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px)


def _family(path: str) -> str:
    stem = Path(path).stem
    # Seven segments come in dozens of shapes; on forms they are rare.
    return "DSEG" if stem.startswith("DSEG") else stem.split("-")[0]


def _files() -> list[Path]:
    places = [Path(place).expanduser() for place in _PLACES]
    places += [
        Path(place) for place in os.environ.get("DIGITBATCH_FONTS", "").split(os.pathsep) if place
    ]
    places += [Path(place) for place in sys.path if place.endswith("site-packages")]
    found = {
        path
        for place in places
        if place.is_dir()
        for ending in ("ttf", "otf")
        for path in place.rglob(f"*.{ending}")
    }
    return sorted(
        path for path in found if not any(name in path.stem.lower() for name in _LIKE_HANDWRITING)
    )


def _has(path: str, letters: str) -> bool:
    """Whether a typeface can be read, and shows these letters as different marks."""
    try:
        font = ImageFont.truetype(path, 20)
        drawn = [bytes(font.getmask(letter)) for letter in (*letters, "\uffff")]
    except (OSError, ValueError):
        return False
    return len(set(drawn)) == len(drawn) and all(any(one) for one in drawn[:-1])
