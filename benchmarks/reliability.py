"""Draws how often fields are right against how sure they are."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitbatch.scoring.confidence_check import CheckedPages

_EDGES: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
_SIDE: Final = 420
_LEFT: Final = 70
_TOP: Final = 50
_COLOURS: Final = ("#1f5fbf", "#c2571a")


def draw(path: Path, parts: Sequence[CheckedPages]) -> None:
    """Draw the share that is right of the fields of each range of confidence, a line a part.

    Both axes show doubt as a logarithm, for what matters lies between 0.9 and 1.
    """
    picture = Image.new("RGB", (_LEFT + _SIDE + 200, _TOP + _SIDE + 60), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    pen.rectangle((_LEFT, _TOP, _LEFT + _SIDE, _TOP + _SIDE), outline="#888888")
    for share in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999):
        at = _at(share)
        pen.line((_LEFT + at, _TOP, _LEFT + at, _TOP + _SIDE), fill="#e4e4e4")
        pen.line((_LEFT, _TOP + _SIDE - at, _LEFT + _SIDE, _TOP + _SIDE - at), fill="#e4e4e4")
        pen.text((_LEFT + at, _TOP + _SIDE + 8), f"{share:g}", "black", font, anchor="ma")
        pen.text((_LEFT - 8, _TOP + _SIDE - at), f"{share:g}", "black", font, anchor="rm")
    pen.line((_LEFT, _TOP + _SIDE, _LEFT + _SIDE, _TOP), fill="#888888")
    pen.text((_LEFT + _SIDE / 2, _TOP + _SIDE + 34), "confidence", "black", font, anchor="ma")
    pen.text((_LEFT, _TOP - 10), "share that is right, and its 95% range", "black", font, "lb")
    for number, (part, colour) in enumerate(zip(parts, _COLOURS, strict=True)):
        points = []
        for low, high in pairwise(_EDGES):
            own = (part.confidences >= low) & (part.confidences < high)
            count = int(own.sum())
            if count < 10:
                continue
            x = _LEFT + _at(float(part.confidences[own].mean()))
            right = float(part.right[own].mean())
            spread = 1.96 * float(np.sqrt((right * (1 - right) + 1 / count) / count))
            ends = [_TOP + _SIDE - _at(right + sign * spread) for sign in (-1, 1)]
            pen.line((x, ends[0], x, ends[1]), fill=colour)
            points.append((x, _TOP + _SIDE - _at(right)))
        pen.line(points, fill=colour, width=2)
        for x, y in points:
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
        top = _TOP + 10 + 24 * number
        pen.text((_LEFT + _SIDE + 14, top), f"{part.kind}, {len(part.right):,}", colour, font)
    picture.save(path, optimize=True)


def _at(share: float) -> float:
    """Where a share lies along an axis, in pixels."""
    doubt = 1 - min(max(share, 0.3), 0.9995)
    return _SIDE * float(np.log(0.7 / doubt) / np.log(0.7 / 0.0005))
