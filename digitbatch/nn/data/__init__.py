"""Labelled digits for training and evaluation, from whatever holds them. Imports no torch."""

from digitbatch.nn.data.labelled import Labelled, Part, Unread
from digitbatch.nn.data.read import read_data
from digitbatch.nn.data.summary import contact_sheet, summary_lines

__all__ = ["Labelled", "Part", "Unread", "contact_sheet", "read_data", "summary_lines"]
