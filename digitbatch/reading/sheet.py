"""A page as its page stages leave it."""

from digitbatch.config import Config
from digitbatch.stages.base import Sheet
from digitbatch.stages.remove_rules import RemoveRules
from digitbatch.types import Page


def prepare_sheet(page: Page, config: Config) -> Sheet:
    """A page as its page stages leave it.

    Where there are zones, rules that would be taken out last stay: zones look for their own print.
    """
    sheet = Sheet(page.pixels, "gray" if page.pixels.ndim == 2 else "color")
    stages = config.page_stages
    if config.fields and stages and isinstance(stages[-1], RemoveRules):
        stages = stages[:-1]
    for stage in stages:
        sheet = stage(sheet)
    return sheet
