"""What the columns of the line network's answers mean."""

from typing import Final

from digitbatch.types import CLASSES

LINE_CLASSES: Final = (*CLASSES, "blank")
BLANK: Final = len(CLASSES)
FRAME_PX: Final = 2
"""Columns of a strip for each answer: two 1s side by side are not much farther apart."""
