"""Digits and pages drawn from stroke models: for samples, tests and extra training digits."""

from digitbatch.drawing.paths import STYLES, digit_paths
from digitbatch.drawing.strokes import Hand, draw_digit

__all__ = ["STYLES", "Hand", "digit_paths", "draw_digit"]
