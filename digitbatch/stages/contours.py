"""From an ink mask to digits, by connected components."""

from typing import ClassVar, Literal

from pydantic import Field

from digitbatch.stages.base import PixelKind, Segmenter


class Contours(Segmenter):
    """Take connected ink as a digit, as a piece of one, or as several that touch.

    What a component is follows from its size against the digits of its page and line, and from
    what the network says of it, of its parts and of it together with its neighbours.
    """

    op: Literal["contours"] = "contours"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"mask"})
    join_fragments: bool = Field(
        default=True, description="Whether several components may be one digit."
    )
    cut_touching: bool = Field(
        default=True, description="Whether one component may be several digits."
    )
    min_height_px: int | None = Field(
        default=None,
        ge=1,
        le=2000,
        description="What is lower is dirt, in pixels. Left out: by the measured digit height.",
    )
