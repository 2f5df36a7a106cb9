"""Lines of digits to train and to measure on, any number of them, made of digits by a seed."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.line.strips import Strip, make_strip
from digitbatch.stages.centre import FAINT
from digitbatch.training.synthesis.composition import write_line
from digitbatch.training.synthesis.degradation import flawed
from digitbatch.training.synthesis.pool import Pool
from digitbatch.training.synthesis.style import LineStyle
from digitbatch.types import CLASSES


@dataclass(frozen=True, slots=True)
class MadeLine:
    """One strip and what stands on it."""

    strip: Strip
    labels: NDArray[np.int64]  # (digits,) 0 to 10, from left to right
    middles_px: NDArray[np.float64] = field(compare=False)  # (digits,) along the strip

    @property
    def text(self) -> str:
        """Its digits; "?" for a mark that is none."""
        return text_of(self.labels)


def make_lines(
    pool: Pool, count: int, rng: np.random.Generator, style: LineStyle | None = None
) -> list[MadeLine]:
    """Make lines as a run would cut them.

    Args:
        pool: What they are written with.
        count: How many.
        rng: Decides everything.
        style: How they look; None: as training's default has them.
    """
    style = style or LineStyle()
    lines: list[MadeLine] = []
    while len(lines) < count:
        line = write_line(pool, style, rng)
        ink = flawed(line, style, rng)
        if not (ink > FAINT).any():
            continue  # a fine pen, scanned too coarsely
        strip = make_strip(ink)
        middles = np.array([strip.to_strip(x) for x in line.middles_px])
        lines.append(MadeLine(strip, np.array(line.labels, np.int64), middles))
    return lines


def text_of(labels: NDArray[np.int64]) -> str:
    """Labels as text: digits, "?" for a mark that is none."""
    return "".join(CLASSES[label] if label < 10 else "?" for label in labels)
