"""What a line network read wrongly, for the eye. Does not import torch."""

import base64
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from digitbatch.networks.line.strips import STRIP_HEIGHT_PX
from digitbatch.training.evaluation.pictures import INK, picture_font, png_bytes
from digitbatch.training.line.evaluation import LineEvaluation
from digitbatch.training.synthesis.lines import MadeLine

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


def line_evaluation_page(
    found: LineEvaluation, lines: Sequence[MadeLine], data: str, model_hash: str
) -> str:
    """An evaluation as one HTML file with its pictures in it: nothing is loaded from anywhere.

    Args:
        found: The answers.
        lines: What was read.
        data: What the lines were made of.
        model_hash: sha256 of the weights.
    """
    low, high = found.interval
    facts = {
        "wholly right": f"{found.accuracy:.2%} of {found.count:,} lines"
        f" (95 % confidence: {low:.2%} to {high:.2%})",
        "digit error": f"{found.digit_error:.2%}",
        "calibration error": f"{found.ece:.2%}",
        "speed": f"{found.lines_per_s:,.0f} lines/s",
        "model": model_hash,
    }
    rows = [f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()]
    lengths = [
        f"<tr><th>{length}</th><td>{count:,}</td><td>{accuracy:.2%}</td></tr>"
        for length, (count, accuracy) in found.by_length.items()
    ]
    mistakes = base64.b64encode(line_mistakes_png(found, lines, "made lines")).decode("ascii")
    title = f"Evaluation on lines made of {escape(data)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title>"
        "<style>body { font: 16px/1.45 system-ui, sans-serif;"
        " max-width: 76rem; margin: 2rem auto; padding: 0 1rem } th, td { padding: .2rem .6rem;"
        " text-align: left } img { max-width: 100% }</style></head>\n<body>\n"
        f"<h1>{title}</h1>\n<table>{''.join(rows)}</table>\n<h2>By number of digits</h2>\n"
        f"<table><tr><th>digits</th><th>lines</th><th>right</th></tr>{''.join(lengths)}</table>\n"
        "<h2>Mistakes, the most confident first</h2>\n"
        f'<img alt="lines that were read wrongly" src="data:image/png;base64,{mistakes}">\n'
        "</body></html>\n"
    )
