"""From a page's pixels to what is written on it."""

from digitbatch.reading.find import find_fields
from digitbatch.reading.page import prepare_sheet, read_page

__all__ = ["find_fields", "prepare_sheet", "read_page"]
