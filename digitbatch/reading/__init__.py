"""From a page's pixels to what is written on it."""

from digitbatch.page.analysis import find_fields
from digitbatch.page.preparation import prepare_sheet
from digitbatch.reading.page_reader import PageTrace, read_page, trace_page

__all__ = ["PageTrace", "find_fields", "prepare_sheet", "read_page", "trace_page"]
