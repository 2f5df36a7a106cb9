"""Every error raised on purpose, with the exit code of a command that it ends.

DigitbatchError
├── UsageError     2  a path that does not exist, options that contradict each other
├── ConfigError    3  pipeline.yaml is wrong: names the place, what was expected, the nearest name
├── ModelError     4  weights missing, damaged, or made for other crops
├── OutputError    5  a result cannot be written
├── LockedError    6  another run holds the same output
├── DeviceError    7  the device asked for is not there
├── InputError     9  the inputs went away, or nothing is left of them
└── StoppedError 130  stopped on request, after a page

PageError stands beside the tree: a page that cannot be read is data. It ends as a row with status
`error` and never ends a run. UnreachablePageError is one of which the file is innocent.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a command returns to its shell. These numbers are a contract and do not change."""

    OK = 0
    """All pages were read (also: there was nothing to read)."""
    ERROR_ROWS = 1
    """Done, but the outputs hold rows with status `error`."""
    USAGE = 2
    """The command line is wrong, or a path on it does not exist."""
    CONFIG = 3
    """The configuration is wrong."""
    MODEL = 4
    """The weights are missing, damaged, or made for other crops."""
    OUTPUT = 5
    """An output cannot be written, or is open in another program."""
    LOCKED = 6
    """Another run holds the same output."""
    DEVICE = 7
    """The device asked for is not there."""
    ALARM = 8
    """Done, but too much is to be reviewed, or the pages are not as they were before."""
    INPUT = 9
    """The inputs went away during the run, or hold none of the scans that they held."""
    INTERNAL = 70
    """A fault of digitbatch itself; please report it."""
    INTERRUPTED = 130
    """Stopped from the keyboard."""


class DigitbatchError(Exception):
    """Base of what digitbatch raises on purpose. The message says what happened and what to do."""

    exit_code: ClassVar[ExitCode]


class UsageError(DigitbatchError):
    """The command line is wrong, or a path on it does not exist."""

    exit_code = ExitCode.USAGE


class ConfigError(DigitbatchError):
    """The configuration is wrong."""

    exit_code = ExitCode.CONFIG


class ModelError(DigitbatchError):
    """The weights are missing, damaged, or made for other crops than this version cuts."""

    exit_code = ExitCode.MODEL


class OutputError(DigitbatchError):
    """An output cannot be written."""

    exit_code = ExitCode.OUTPUT


class LockedError(DigitbatchError):
    """Another run holds the same output."""

    exit_code = ExitCode.LOCKED


class DeviceError(DigitbatchError):
    """The device asked for is not there."""

    exit_code = ExitCode.DEVICE


class InputError(DigitbatchError):
    """The inputs went away during the run, or hold none of the scans that they held."""

    exit_code = ExitCode.INPUT


class StoppedError(DigitbatchError):
    """Stopped on request; what was read is kept, and the same command goes on there."""

    exit_code = ExitCode.INTERRUPTED


class PageError(Exception):
    """One page cannot be read. The message is what the page's row says; the run goes on."""


class CoarsePageError(Exception):
    """A page that came halved needs all of its pixels. Whoever asked for half then gives them."""


class UnreachablePageError(PageError):
    """The system does not give the file out: it may do so tomorrow."""
