"""From a page's pixels to what is written on it."""

from digitbatch.reading.find import find_fields
from digitbatch.reading.page import read_page
from digitbatch.reading.sheet import prepare_sheet

__all__ = ["find_fields", "prepare_sheet", "read_page"]
