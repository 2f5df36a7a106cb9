"""Digits and pages drawn from stroke models: for samples, tests and extra training digits."""

from digitbatch.drawing.strokes import STYLES, Hand, draw_digit

__all__ = ["STYLES", "Hand", "draw_digit"]
