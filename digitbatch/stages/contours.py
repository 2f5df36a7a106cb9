"""From an ink mask to digits, by connected components."""

from typing import ClassVar, Literal

from pydantic import Field

from digitbatch.stages.base import PixelKind, Segmenter


class Contours(Segmenter):
    """Take connected ink as a digit, or as a piece of one."""

    op: Literal["contours"] = "contours"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"mask"})
    min_height_px: int | None = Field(
        default=None,
        ge=1,
        le=2000,
        description="What is lower is a speck, in pixels. Left out: by the measured digit height.",
    )
