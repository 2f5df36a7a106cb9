"""Digits and pages drawn from stroke models: for samples, tests and extra training digits."""

from digitbatch.synth.strokes import ALL_STYLES, STYLES, Hand, digit_paths, draw_digit

__all__ = ["ALL_STYLES", "STYLES", "Hand", "digit_paths", "draw_digit"]
