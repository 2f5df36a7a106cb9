"""A page as its page stages leave it."""

import numpy as np

from digitbatch.config import Config
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.reduce import Reduce
from digitbatch.stages.remove_rules import RemoveRules
from digitbatch.template.geometry import scaling
from digitbatch.types import Affine, Page


def prepare_sheet(page: Page, config: Config) -> Sheet:
    """A page as its page stages leave it.

    Where there are zones, rules that would be taken out last stay: zones look for their own print.
    They need all of its pixels, too: the walls of two boxes may all but touch.

    Raises:
        CoarsePageError: If the page came halved, and its digits need all of its pixels.
    """
    to_scan = scaling(page.scale, page.scale)[:2]
    kind: PixelKind = "gray" if page.pixels.ndim == 2 else "color"
    sheet = Sheet(page.pixels, kind, to_scan, came_halved=page.scale > 1)
    stages = applied_stages(config)
    if config.fields and stages and isinstance(stages[-1], RemoveRules):
        stages = stages[:-1]
    for stage in stages:
        sheet = stage(sheet)
    return sheet


def applied_stages(config: Config) -> tuple[PageStage, ...]:
    """The page stages that apply: pages with zones are not reduced."""
    stages = config.page_stages
    if not config.fields:
        return stages
    return tuple(stage for stage in stages if not isinstance(stage, Reduce))


def to_page(sheet: Sheet, page: Page) -> Affine:
    """From a sheet's pixels to those of the page that it was made of."""
    back = scaling(1 / page.scale, 1 / page.scale)
    return np.asarray((back @ np.vstack([sheet.to_scan, [0.0, 0.0, 1.0]]))[:2], np.float64)
