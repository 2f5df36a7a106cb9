"""From a page's pixels to what is written on it."""

from digitbatch.reading.find import find_fields
from digitbatch.reading.page import PageTrace, read_page, trace_page
from digitbatch.reading.sheet import prepare_sheet

__all__ = ["PageTrace", "find_fields", "prepare_sheet", "read_page", "trace_page"]
