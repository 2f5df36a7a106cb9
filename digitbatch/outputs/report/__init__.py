"""A run as one HTML page for people: each field with its picture, what needs a person first."""

from digitbatch.outputs.report.report_file import ReportFormat

__all__ = ["ReportFormat"]
