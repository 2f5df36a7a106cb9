"""What a line network read wrongly, as one picture. Does not import torch."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from digitbatch.nn.line.evaluation import LineEvaluation
from digitbatch.nn.line.making import MadeLine
from digitbatch.nn.line.strips import STRIP_HEIGHT_PX
from digitbatch.nn.run_pictures import INK, picture_font, png_bytes

_MISTAKES: Final = 120
_WIDTH_PX: Final = 1200
_ZOOM: Final = 2
_GAP_PX: Final = 8
_CAPTION_PX: Final = 20


def line_mistakes_png(found: LineEvaluation, lines: Sequence[MadeLine], about: str) -> bytes:
    """Draw the lines that were read wrongly, the most confident first.

    Args:
        found: The answers.
        lines: What was read.
        about: Whose they are, for the title.
    """
    wrong = np.flatnonzero(~found.right)
    order = wrong[np.argsort(-found.confidences[wrong], kind="stable")][:_MISTAKES]
    title = f"{about}: {len(wrong):,} of {found.count:,} read wrongly"
    if len(wrong) > _MISTAKES:
        title += f"; the {_MISTAKES} most confident"
    x, y, placed = _GAP_PX, 40, []
    for index in order.tolist():
        text = f"{found.texts[index]} as {found.read[index]} {found.confidences[index]:.0%}"
        wide = max(_ZOOM * lines[index].strip.ink.shape[1], 7 * len(text))
        if x + wide > _WIDTH_PX and x > _GAP_PX:
            x, y = _GAP_PX, y + _ZOOM * STRIP_HEIGHT_PX + _CAPTION_PX + _GAP_PX
        placed.append((index, text, x, y))
        x += wide + _GAP_PX
    height = y + _ZOOM * STRIP_HEIGHT_PX + _CAPTION_PX + _GAP_PX
    picture = Pillow.new("RGB", (_WIDTH_PX, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((_GAP_PX, 12), title, INK, picture_font(15))
    for index, text, left, top in placed:
        strip = Pillow.fromarray(lines[index].strip.ink)
        size = _ZOOM * strip.width, _ZOOM * strip.height
        large = strip.resize(size, Pillow.Resampling.NEAREST).convert("RGB")
        picture.paste(large, (left, top))
        draw.text((left, top + size[1] + 3), text, INK, picture_font(11))
    return png_bytes(picture)
