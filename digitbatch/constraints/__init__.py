"""What numbers must obey: the rules of fields, and the sums between them. Knows of no ink."""

from digitbatch.constraints.checks import CHECKS, Check
from digitbatch.constraints.field import LENGTH, FieldRule, read_values
from digitbatch.constraints.sums import Sum, parse_sum

__all__ = ["CHECKS", "LENGTH", "Check", "FieldRule", "Sum", "parse_sum", "read_values"]
