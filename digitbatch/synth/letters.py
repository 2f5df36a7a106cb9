"""Stroke models of letters and signs, as people write them beside numbers: grades, words, signs.

They are ink that is no digit. Letters that cannot be told from a digit (I, l, O, o, S, Z) are left
out. The unit is that of `digitbatch.synth.glyphs`; letters without ascenders begin at y = 42,
descenders end at y = 135.
"""

from typing import Final

import numpy as np

from digitbatch.synth.glyphs import glyph
from digitbatch.synth.strokes import draw_paths, glyph_paths
from digitbatch.types import Image

# fmt: off
LETTERS: Final = {
    char: tuple(glyph(way) for way in ways.split("|")) for char, ways in {
        "A": "33,0 18,48 0,100 / 33,0 48,50 64,100 / 10,64 32,62 60,62 | "
             "2,100 12,60 28,2 34,0 42,30 58,98 / 6,66 30,58 66,56",
        "B": "6,0 5,50 4,100 / 5,4 28,0 46,12 40,34 10,46 10,46 40,50 56,70 44,94 4,99 | "
             "10,6 8,50 6,98 6,98 6,40 14,8 34,1 48,14 40,36 20,46 20,46 44,54 54,74 40,96 6,98",
        "C": "56,14 40,0 18,10 2,48 12,88 34,100 58,86 | "
             "50,10 44,22 52,4 30,2 8,30 4,68 22,98 56,88",
        "D": "8,0 7,50 5,100 / 0,3 30,4 58,28 58,66 36,94 2,100 | "
             "12,2 9,98 9,98 40,92 60,56 44,14 4,2",
        "E": "50,2 10,2 10,2 7,50 5,98 5,98 52,97 / 8,48 28,47 42,46 | "
             "50,10 28,0 10,14 16,40 36,46 10,54 2,80 22,99 54,88",
        "F": "8,2 7,50 5,100 / 8,3 30,2 56,0 / 7,46 26,45 44,44",
        "G": "54,14 38,0 16,10 2,50 14,90 38,98 54,80 54,58 54,58 32,58",
        "H": "4,0 3,50 2,100 / 54,0 54,50 54,100 / 3,50 30,49 54,48",
        "K": "6,0 5,50 4,100 / 52,2 30,30 8,54 / 16,46 34,72 56,100",
        "L": "8,0 6,50 4,97 4,97 30,98 54,96",
        "M": "0,100 6,50 12,2 12,2 24,40 38,70 38,70 52,36 64,0 64,0 68,50 74,100",
        "N": "4,100 5,50 6,2 6,2 28,50 52,98 52,98 53,50 54,0",
        "P": "8,2 6,50 4,100 / 4,6 30,0 50,16 44,40 8,52",
        "R": "8,2 6,50 4,100 / 4,6 30,0 48,14 42,36 8,48 8,48 34,72 56,98",
        "T": "0,3 30,2 62,0 / 31,2 30,50 29,100",
        "U": "4,0 2,50 12,92 32,98 48,80 52,40 53,0",
        "a": "40,50 22,42 4,58 4,86 20,99 36,86 42,50 42,50 42,80 52,99",
        "b": "8,0 6,50 6,97 6,97 24,100 42,84 40,58 22,50 8,64",
        "d": "40,54 22,46 4,60 4,86 20,99 38,86 44,50 46,0 46,0 44,60 52,99",
        "e": "6,74 28,70 42,60 30,43 12,50 3,76 16,98 44,90",
        "g": "40,52 22,43 5,58 6,82 22,92 38,78 42,46 42,46 43,90 36,128 16,135 2,122",
        "h": "8,0 6,50 4,100 4,100 12,62 28,46 38,62 38,99",
        "k": "8,0 6,50 4,100 / 40,46 24,60 8,74 / 18,66 30,84 46,100",
        "m": "2,46 4,70 3,100 3,100 10,60 22,46 30,62 30,100 30,100 36,60 48,46 58,62 60,100",
        "n": "2,46 4,70 3,100 3,100 12,58 28,45 38,62 40,100",
        "p": "6,46 5,90 3,135 / 6,60 24,44 42,58 40,86 22,99 6,88",
        "r": "4,46 6,70 5,100 5,100 10,62 22,47 38,50",
        "s": "34,50 20,43 6,54 16,68 34,80 28,97 2,95",
        "t": "20,10 17,60 20,94 38,96 / 0,42 20,40 40,38",
        "u": "4,46 3,80 14,99 32,90 40,46 40,46 40,80 50,99",
        "y": "4,46 6,76 20,90 36,78 42,46 42,46 40,96 28,132 6,130",
        "+": "30,28 30,54 30,80 / 4,55 30,54 56,53",
        "-": "4,54 28,53 52,52",
    }.items()
}
# fmt: on


def draw_word(
    text: str, rng: np.random.Generator, height_px: float, pen_px: float, slant_deg: float = 6.0
) -> tuple[Image, float]:
    """Write letters and signs beside each other, a little different each time.

    Args:
        text: Of `LETTERS`; a ValueError says which has no model.
        rng: The only source of chance.
        height_px: Height of a digit of the same hand: small letters are lower.
        pen_px: Mean width of the pen.
        slant_deg: Lean to the right.

    Returns:
        As `draw_digit`; and how far the first row lies below the top that a digit on the same line
        would have, in pixels.
    """
    unknown = [char for char in text if char not in LETTERS]
    if unknown:
        raise ValueError(f"no model of {unknown[0]!r}: expected some of {''.join(LETTERS)}")
    paths, x = [], 0.0
    for char in text:
        ways = LETTERS[char]
        way = ways[int(rng.integers(len(ways)))]
        drawn = glyph_paths(way, rng, slant_deg=slant_deg + float(rng.normal(0, 2)), jitter=0.8)
        left = min(float(path[:, 0].min()) for path in drawn)
        paths += [path + np.array([x - left, 0.0]) for path in drawn]
        x = max(float(path[:, 0].max()) for path in paths) + float(rng.uniform(0.03, 0.16))
    top = min(float(path[:, 1].min()) for path in paths)
    scaled = [path * height_px for path in paths]
    ink = draw_paths(scaled, rng, height_px=height_px, pen_px=pen_px)
    return ink, top * height_px - pen_px / 2 - 2
