"""Turns folders of scanned handwritten forms into numbers.

A folder of scans, as `digitbatch run scans/ --out results.csv` does it:

    import digitbatch

    summary = digitbatch.run("scans/", out="results.csv")
    print(summary.pages, summary.review)

One page that is a numpy array:

    result = digitbatch.read_page(pixels)
    for field in result.fields:
        print(field.text, field.confidence, field.status)

What is named here is loaded when it is first used, so that importing digitbatch costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitbatch.app.run import read_page, run
    from digitbatch.config import Config, Zone
    from digitbatch.config.file import load_config
    from digitbatch.errors import (
        ConfigError,
        DeviceError,
        DigitbatchError,
        ExitCode,
        InputError,
        LockedError,
        ModelError,
        OutputError,
        PageError,
        StoppedError,
        UsageError,
    )
    from digitbatch.outputs.results import RunSummary, ThisRun
    from digitbatch.types import Box, DigitResult, FieldResult, Mark, PageRef, PageResult

    __version__: str

__all__ = [
    "Box",
    "Config",
    "ConfigError",
    "DeviceError",
    "DigitResult",
    "DigitbatchError",
    "ExitCode",
    "FieldResult",
    "InputError",
    "LockedError",
    "Mark",
    "ModelError",
    "OutputError",
    "PageError",
    "PageRef",
    "PageResult",
    "RunSummary",
    "StoppedError",
    "ThisRun",
    "UsageError",
    "Zone",
    "__version__",
    "load_config",
    "read_page",
    "run",
]

_PLACES = {
    "config": ("Config", "Zone"),
    "config.file": ("load_config",),
    "errors": (
        "ConfigError",
        "DeviceError",
        "DigitbatchError",
        "ExitCode",
        "InputError",
        "LockedError",
        "ModelError",
        "OutputError",
        "PageError",
        "StoppedError",
        "UsageError",
    ),
    "app.run": ("read_page", "run"),
    "outputs.results": ("RunSummary", "ThisRun"),
    "types": ("Box", "DigitResult", "FieldResult", "Mark", "PageRef", "PageResult"),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from its module (PEP 562)."""
    if name == "__version__":
        value: Any = _version()
    elif name in _MODULES:
        value = getattr(import_module(f"digitbatch.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module 'digitbatch' has no attribute {name!r}")
    globals()[name] = value  # the next time without this function
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("digitbatch")
    except PackageNotFoundError:
        return "0+checkout"  # run from a checkout that is not installed


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
