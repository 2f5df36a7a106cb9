"""What was read, for people: counts in lines, and a sheet of examples as PNG."""

import io
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from digitbatch.training.data.labelled import Labelled
from digitbatch.types import CLASSES, CROP_SIZE_PX

_LISTED: Final = 10  # unreadable crops that are named one by one
_MARGIN_PX: Final = 4
_NAME_PX: Final = 96


def class_counts(data: Labelled) -> dict[str, int]:
    """How many crops of each class there are, also of those that are missing."""
    counts = np.bincount(data.labels, minlength=len(CLASSES))
    return {name: int(count) for name, count in zip(CLASSES, counts, strict=True)}


def summary_lines(data: Labelled) -> list[str]:
    """What was read, how much of each class, and what was not and why."""
    lines = [f"{data.name}: {len(data):,} crops ({data.kind})"]
    counts = class_counts(data)
    lines.append("  " + ", ".join(f"{name}: {count:,}" for name, count in counts.items() if count))
    missing = [name for name in CLASSES[:-1] if not counts[name]]
    if missing:
        lines.append(f"  none of {', '.join(missing)}")
    if data.inverted:
        lines.append(f"  {data.inverted:,} have dark ink on light paper and were inverted")
    if data.unread:
        lines.append(f"  {len(data.unread):,} were left out:")
        lines += [
            f"    {bad.file}{f' [{bad.index}]' if bad.index else ''}: {bad.reason}"
            for bad in data.unread[:_LISTED]
        ]
        if len(data.unread) > _LISTED:
            lines.append(f"    and {len(data.unread) - _LISTED:,} more")
    return lines


def contact_sheet(data: Labelled, columns: int = 24, seed: int = 0) -> bytes:
    """Draw examples of each class as the network sees them, a row for each class.

    Args:
        data: What was read.
        columns: Most examples of a class.
        seed: Decides which.

    Returns:
        A PNG.
    """
    rng = np.random.default_rng(seed)
    counts = class_counts(data)
    rows = [label for label, name in enumerate(CLASSES) if counts[name]]
    cell = CROP_SIZE_PX + _MARGIN_PX
    size = (_NAME_PX + columns * cell + _MARGIN_PX, max(1, len(rows)) * cell + _MARGIN_PX)
    sheet = Pillow.new("L", size, 96)
    draw = ImageDraw.Draw(sheet)
    for row, label in enumerate(rows):
        top = _MARGIN_PX + row * cell
        draw.text((_MARGIN_PX, top + 8), f"{CLASSES[label]}: {counts[CLASSES[label]]:,}", fill=255)
        there = np.flatnonzero(data.labels == label)
        shown = np.sort(rng.choice(there, min(columns, len(there)), replace=False))
        for column, index in enumerate(shown):
            crop = Pillow.fromarray(data.crops[index])
            sheet.paste(crop, (_NAME_PX + column * cell, top))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
