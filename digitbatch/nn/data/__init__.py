"""Labelled digits for training and evaluation, from whatever holds them. Imports no torch."""

from digitbatch.nn.data.labelled import Labelled, Part, Unread, join
from digitbatch.nn.data.read import read_data, read_sets, read_test_digits
from digitbatch.nn.data.summary import contact_sheet, summary_lines

__all__ = [
    "Labelled",
    "Part",
    "Unread",
    "contact_sheet",
    "join",
    "read_data",
    "read_sets",
    "read_test_digits",
    "summary_lines",
]
