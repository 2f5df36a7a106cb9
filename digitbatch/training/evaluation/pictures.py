"""What a training run leaves for the eye, as PNG: curves, confusion, mistakes. Imports no torch."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from digitbatch.networks.card import Kind
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.types import CLASSES

if TYPE_CHECKING:
    from digitbatch.training.trainer import Epoch

INK: Final = "#202020"
_FAINT: Final = "#d0d0d0"
_LINE: Final = "#1769aa"
_PANEL_PX: Final = (440, 280)
_MARGIN_PX: Final = (64, 36, 16, 40)  # left, top, right, bottom, around the axes of a panel
_CELL_PX: Final = 56
_MISTAKES: Final = 120
_ZOOM: Final[dict[Kind, int]] = {"digit": 3, "line": 2, "ink": 1}
_WIDTH_PX: Final = 1200  # of the picture of mistakes
_TITLE_PX: Final = 40
_GAP_PX: Final = 8
_CAPTION_PX: Final = 20
_LETTER_PX: Final = 7  # width of a caption's letter, at most


def curves_png(history: Sequence["Epoch"], what: str = "validation digits") -> bytes:
    """Draw the training loss and the validation accuracy, epoch by epoch, side by side."""
    width_px, height_px = _PANEL_PX
    picture = Pillow.new("RGB", (2 * width_px, height_px), "white")
    draw = ImageDraw.Draw(picture)
    _curve(draw, 0, "training loss by epoch", [epoch.loss for epoch in history])
    accuracies = [100 * epoch.validation_accuracy for epoch in history]
    _curve(draw, width_px, f"% of the {what} read, by epoch", accuracies)
    return png_bytes(picture)


def _curve(draw: ImageDraw.ImageDraw, x_px: int, title: str, values: Sequence[float]) -> None:
    """One panel; the vertical axis goes from the smallest to the largest value."""
    left, top, right, bottom = _MARGIN_PX
    x_first, x_last = x_px + left, x_px + _PANEL_PX[0] - right
    y_first, y_last = _PANEL_PX[1] - bottom, top
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    last = max(1, len(values) - 1)

    def place(index: float, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low)
        return x_first + (x_last - x_first) * index / last, y_first + (y_last - y_first) * share

    draw.text((x_first, 10), title, INK, picture_font(14))
    for step in range(5):
        value = low + (high - low) * step / 4
        y = place(0, value)[1]
        draw.line((x_first, y, x_last, y), _FAINT)
        draw.text((x_first - 6, y), f"{value:.4g}", INK, picture_font(12), anchor="rm")
    for index in sorted({round(last * step / 4) for step in range(5)}):
        x = place(index, low)[0]
        draw.text((x, y_first + 8), str(index + 1), INK, picture_font(12), anchor="mt")
    points = [place(index, value) for index, value in enumerate(values)]
    draw.line(points, _LINE, 2)
    for x, y in points if len(points) <= 40 else ():
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), _LINE)


def pictures_of(found: Evaluation) -> dict[str, bytes]:
    """What a model's folder shows of its answers, by file name."""
    pictures = {"mistakes.png": mistakes_png(found)}
    if found.kind == "digit":
        pictures["confusion.png"] = confusion_png(found)
    return pictures


def confusion_png(found: Evaluation) -> bytes:
    """Draw how often each class was read as which: rows for what stands there."""
    confusion = found.confusion
    rows = [label for label in range(len(CLASSES)) if confusion[label].any()]
    left, top = 90, 76
    size = (left + len(CLASSES) * _CELL_PX + 16, top + len(rows) * _CELL_PX + 16)
    picture = Pillow.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    title = f"{found.about}: {found.accuracy:.2%} of {found.count:,} read"
    draw.text((16, 12), title, INK, picture_font(15))
    draw.text((16, 36), "rows: what stands there; columns: what was read", INK, picture_font(12))
    for column, name in enumerate(CLASSES):
        draw.text(
            (left + (column + 0.5) * _CELL_PX, top - 10), name, INK, picture_font(13), anchor="mm"
        )
    for row, label in enumerate(rows):
        y = top + row * _CELL_PX
        draw.text((left - 12, y + _CELL_PX / 2), CLASSES[label], INK, picture_font(13), anchor="rm")
        for column, count in enumerate(confusion[label].tolist()):
            x = left + column * _CELL_PX
            # The root lets one mistake in a thousand be seen.
            share = (count / int(confusion[label].sum())) ** 0.5
            paper = _mixed((40, 150, 70) if column == label else (220, 50, 40), 0.75 * share)
            box = (x, y, x + _CELL_PX - 2, y + _CELL_PX - 2)
            draw.rectangle(box, paper if count else "white", _FAINT)
            if count:
                middle = (x + _CELL_PX / 2 - 1, y + _CELL_PX / 2 - 1)
                draw.text(middle, f"{count:,}", INK, picture_font(13), anchor="mm")
    return png_bytes(picture)


def _mixed(colour: tuple[int, int, int], strength: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 + (part - 255) * strength) for part in colour)
    return red, green, blue


def mistakes_png(found: Evaluation) -> bytes:
    """Draw what was read wrongly, the most confident first, with label, answer and confidence."""
    mistakes = found.mistakes
    title = f"{found.about}: {len(mistakes):,} of {found.count:,} read wrongly"
    if len(mistakes) > _MISTAKES:
        title += f"; the {_MISTAKES} most confident"
    zoom = _ZOOM[found.kind]
    left, top, bottom, placed = _GAP_PX, _TITLE_PX, _TITLE_PX, []
    for index in mistakes[:_MISTAKES]:
        height, width = found.pictures[index].shape
        label, answer, sure = found.labels[index], found.answers[index], found.confidences[index]
        text = f"{label} as {answer}, {sure:.0%}"
        wide = max(zoom * width, _LETTER_PX * len(text))
        if left + wide > _WIDTH_PX and left > _GAP_PX:
            left, top = _GAP_PX, bottom
        placed.append((index, text, left, top))
        left, bottom = left + wide + _GAP_PX, top + zoom * height + _CAPTION_PX + _GAP_PX
    picture = Pillow.new("RGB", (_WIDTH_PX, bottom), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((_GAP_PX, 12), title, INK, picture_font(15))
    for index, text, left, top in placed:
        shown = Pillow.fromarray(found.pictures[index])
        size = zoom * shown.width, zoom * shown.height
        picture.paste(shown.resize(size, Pillow.Resampling.NEAREST).convert("RGB"), (left, top))
        draw.text((left, top + size[1] + 3), text, INK, picture_font(11))
    return png_bytes(picture)


def picture_font(size_px: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """The typeface of these pictures, which Pillow carries."""
    return ImageFont.load_default(size_px)


def png_bytes(picture: Pillow.Image) -> bytes:
    """A picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
