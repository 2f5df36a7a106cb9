"""From an ink mask to the crops of its digits: the chain's segmenter and its normalizer."""

from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from pydantic import Field

from digitbatch.stages.base import Normalizer, PixelKind, Segmenter
from digitbatch.types import CROP_SIZE_PX, Image


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


CROP_FORMAT: Final = 1
"""Version of what `center_crop` makes. Raised when crops change: older weights are then refused."""

_BINARY: Final = cv2.THRESH_BINARY
FAINT: Final = 32
"""Grey levels up to this do not widen the box: a halo of blur would shrink the digit."""


def center_crop(ink: Image, inner_px: int = 20) -> Image:
    """Scale a digit into the middle of a crop, as MNIST did.

    The longer side of the ink's tight box becomes `inner_px`; then the ink's centre of mass, not
    its box, is put on the crop's centre, to the nearest pixel, as far as nothing leaves the crop.
    (Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, section III.)

    `ink`: One digit, (height, width) uint8, light ink on black. `inner_px`: Longer side after
    scaling, 4 to 28. MNIST used 20. Returns (28, 28) uint8, ink up to 255 on 0.

    Raises:
        ValueError: If `ink` holds no ink.
    """
    left, top, width, height = cv2.boundingRect(cv2.threshold(ink, FAINT, 255, _BINARY)[1])
    if not width:
        left, top, width, height = cv2.boundingRect(ink)
        if not width:
            raise ValueError("center_crop needs ink, got a picture of zeros")
    tight = ink[top : top + height, left : left + width]
    scale = inner_px / max(tight.shape)
    width = max(1, round(tight.shape[1] * scale))
    height = max(1, round(tight.shape[0] * scale))
    if (height, width) != tight.shape:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        tight = np.asarray(cv2.resize(tight, (width, height), interpolation=how), np.uint8)
    moments = cv2.moments(tight)
    left = _place(moments["m10"], moments["m00"], width)
    top = _place(moments["m01"], moments["m00"], height)
    crop = np.zeros((CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    crop[top : top + height, left : left + width] = tight
    return crop


def _place(moment: float, total: float, length: int) -> int:
    """Where a box begins in the crop so that the centre of its ink falls on the crop's centre."""
    # Very thin ink can vanish when scaled down; then the box is centred.
    middle = moment / total if total else (length - 1) / 2
    start = round((CROP_SIZE_PX - 1) / 2 - middle)
    return min(max(start, 0), CROP_SIZE_PX - length)


class MnistCenter(Normalizer):
    """One digit, cut out of the ink, into the frame that MNIST's digits have."""

    op: Literal["mnist_center"] = "mnist_center"
    inner_px: int = Field(
        default=20, ge=4, le=CROP_SIZE_PX, description="longer side of the digit in the crop, in px"
    )

    def __call__(self, ink: Image) -> Image:
        """Centre one digit: (height, width) uint8, light ink on black, to (28, 28) uint8."""
        return center_crop(ink, self.inner_px)
