"""Labelled digits for training and evaluation, from whatever holds them. Imports no torch."""

from digitbatch.training.data.labelled import (
    Labelled,
    Part,
    Unread,
    contact_sheet,
    join,
    summary_lines,
)
from digitbatch.training.data.read import read_data, read_sets, read_test_digits, read_test_sets

__all__ = [
    "Labelled",
    "Part",
    "Unread",
    "contact_sheet",
    "join",
    "read_data",
    "read_sets",
    "read_test_digits",
    "read_test_sets",
    "summary_lines",
]
