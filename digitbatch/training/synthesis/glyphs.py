"""A digit or mark cut out tight, to be written into lines."""

from dataclasses import dataclass, field

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Glyph:
    """One digit or mark, ready to be written at any size."""

    ink: Image = field(repr=False, compare=False)  # tight, light on black
    label: int  # 0 to 10
    height_px: float  # of the digits of its kind at this size
