"""Constraints on the numbers of a page: those of one field, and sums between fields.

Pure: they judge strings of digits and know of no ink, posterior or lattice. In pipeline.yaml they
are called rules.
"""

from digitbatch.constraints.checks import CHECKS, Check
from digitbatch.constraints.field import LENGTH, FieldConstraint, read_values
from digitbatch.constraints.sums import Sum, parse_sum

__all__ = ["CHECKS", "LENGTH", "Check", "FieldConstraint", "Sum", "parse_sum", "read_values"]
