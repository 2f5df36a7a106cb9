"""A page as its page stages leave it."""

from digitbatch.config import Config
from digitbatch.stages.base import Sheet
from digitbatch.types import Page


def prepare_sheet(page: Page, config: Config) -> Sheet:
    """A page as its page stages leave it."""
    sheet = Sheet(page.pixels, "gray" if page.pixels.ndim == 2 else "color")
    for stage in config.page_stages:
        sheet = stage(sheet)
    return sheet
