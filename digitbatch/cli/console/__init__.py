"""What people see on the standard error: log lines, progress, the closing tables.

The only modules that know tqdm and rich, and both only where there is something to draw.
"""

from digitbatch.cli.console.log_lines import Verbosity, print_error, set_up_logging
from digitbatch.cli.console.progress_bar import Progress, TrainingProgress, duration, progress
from digitbatch.cli.console.status_table import print_status
from digitbatch.cli.console.summary_tables import print_counts, print_end, print_page

__all__ = [
    "Progress",
    "TrainingProgress",
    "Verbosity",
    "duration",
    "print_counts",
    "print_end",
    "print_error",
    "print_page",
    "print_status",
    "progress",
    "set_up_logging",
]
