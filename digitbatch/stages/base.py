"""What a stage of the chain is: page stage, segmenter or normalizer."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from digitbatch.stages.sheet import PixelKind, Sheet
from digitbatch.types import Image

__all__ = ["Normalizer", "PageStage", "PixelKind", "Segmenter", "Sheet", "Situation", "Stage"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether a page goes through a stage."""

    has_zones: bool = False  # the config names places on the page
    has_boxes: bool = False  # rows of printed boxes were found on the page
    is_last: bool = False  # no other page stage comes after it


class Stage(BaseModel):
    """One entry of `stages:` in pipeline.yaml. Its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageStage(Stage):
    """Sheet in, sheet out; pure."""

    takes: ClassVar[frozenset[PixelKind]]
    gives: ClassVar[
        dict[PixelKind, PixelKind]
    ] = {}  # what becomes of each kind; left out: it stays

    def skipped(self, situation: Situation) -> str:  # noqa: ARG002 - for stages that are
        """Why a page does not go through this stage, as `check` says it; "" where it does.

        Only a stage that leaves the kind of pixels as it is may be skipped.
        """
        return ""

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a new sheet; `sheet` and its arrays stay as they are."""
        raise NotImplementedError


class Segmenter(Stage):
    """Finds the digits on a sheet; the chain has one, after the page stages."""

    takes: ClassVar[frozenset[PixelKind]]


class Normalizer(Stage):
    """Makes the crop of one digit; the chain has one, at its end."""

    def __call__(self, ink: Image) -> Image:
        """Centre one digit: (height, width) uint8, light ink on black, to (28, 28) uint8."""
        raise NotImplementedError
