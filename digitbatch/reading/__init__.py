"""Reading a page: the passes from its pixels to its rows."""

from digitbatch.reading.page_reader import PageTrace, read_page, trace_page

__all__ = ["PageTrace", "read_page", "trace_page"]
