"""The stages that pipeline.yaml can name: every one of them, by hand, in one place."""

from typing import Annotated, get_args

from pydantic import Field

from digitbatch.stages.base import Stage
from digitbatch.stages.crop_to_paper import CropToPaper
from digitbatch.stages.crops import Contours, MnistCenter
from digitbatch.stages.filters import (
    Blur,
    Closing,
    Dilation,
    Erosion,
    FlattenBackground,
    Invert,
    Opening,
)
from digitbatch.stages.geometry import Deskew, Resize
from digitbatch.stages.hysteresis import Hysteresis
from digitbatch.stages.levels import Grayscale, InkLevels
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.stages.scale import FitScale, Reduce
from digitbatch.stages.threshold import Threshold

AnyStage = Annotated[
    CropToPaper
    | Reduce
    | Grayscale
    | InkLevels
    | FitScale
    | Resize
    | Deskew
    | Blur
    | FlattenBackground
    | Threshold
    | Hysteresis
    | Invert
    | Erosion
    | Dilation
    | Opening
    | Closing
    | RemoveRules
    | Contours
    | MnistCenter,
    Field(discriminator="op"),
]

STAGES: dict[str, type[Stage]] = {
    stage.model_fields["op"].default: stage for stage in get_args(get_args(AnyStage)[0])
}
"""Each stage by its name in pipeline.yaml, in the order of the docs."""
