"""Readers for the engine's public seam. Workers import this module, so it imports little."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from digitbatch.engine import Reader
from digitbatch.errors import ModelError, PageError
from digitbatch.types import (
    CLASSES,
    Crops,
    FieldResult,
    Network,
    Page,
    PageResult,
    Probabilities,
)


def level(page: Page) -> int:
    """The grey level of a page of one level: what these readers go by."""
    return int(page.pixels.flat[0])


def result(page: Page, text: str) -> PageResult:
    """A page with one field."""
    return PageResult(page.ref, (FieldResult("line-01", "ok", text, 1.0),))


@dataclass(frozen=True)
class ReadLevel:
    """Reads the page's grey level, after a pause that shuffles which page is ready first."""

    pause_s: float = 0.0
    pictures: bool = False

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        time.sleep(self.pause_s * (level(page) % 3))
        text = str(level(page))
        shown = (f"picture of {text}".encode(),) if self.pictures else ()
        return replace(result(page, text), pictures=shown)


@dataclass(frozen=True)
class DieOn:
    """Kills its own process on pages of some levels, each page as often as `times` says."""

    levels: tuple[int, ...]
    record: Path  # a folder: a file there for each death
    times: int = 1000

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        if level(page) in self.levels:
            before = len(list(self.record.glob(f"{level(page)}-*")))
            if before < self.times:
                (self.record / f"{level(page)}-{before}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return result(page, str(level(page)))


@dataclass(frozen=True)
class RaiseOn:
    """Raises on pages of some levels, each in its own way."""

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        match level(page):
            case 1:
                raise PageError("the scan is upside down: turn it")
            case 2:
                raise ZeroDivisionError("no ink\nat all")
            case 3:
                raise ModelError("the weights are gone")
        return result(page, str(level(page)))


@dataclass(frozen=True)
class NoReader:
    """A reader that cannot be made."""

    how: str

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ModelError("no weights here")


@dataclass(frozen=True)
class AskNetwork:
    """Asks a network about as many crops as the page's level says; reads what it answers."""

    def __call__(self, shared: Mapping[str, Network]) -> Reader:
        return _Asking(shared.get("digits", tell_level)).read


@dataclass(frozen=True)
class _Asking:
    network: Network

    def read(self, page: Page) -> PageResult:
        crops = np.full((level(page) % 20, 28, 28), level(page), np.uint8)
        crops[:, 0, 0] = np.arange(len(crops))
        answers = self.network(crops)
        return result(page, " ".join(f"{a[0]:.0f}:{a[1]:.0f}" for a in answers))


def tell_level(crops: Crops) -> Probabilities:
    """A network that answers with what it was given, row for row."""
    answers = np.zeros((len(crops), len(CLASSES)), np.float32)
    answers[:, 0] = crops[:, 0, 0]
    answers[:, 1] = crops[:, 1, 1]
    return answers


@dataclass(frozen=True)
class ReadAndPrint:
    """Prints to the standard output, as some libraries do."""

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        print("a library says hello")
        os.write(1, b"and so does native code\n")
        return result(page, str(level(page)))


@dataclass(frozen=True)
class SufferOn:
    """On pages of some levels: crashes in native code, hangs, computes on, waits or hogs memory."""

    crash: int = -1
    hang: int = -1
    spin: int = -1
    wait: int = -1
    hog: int = -1

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return self.read

    def read(self, page: Page) -> PageResult:
        if level(page) == self.crash:
            import ctypes

            ctypes.string_at(0)
        elif level(page) == self.hang:
            time.sleep(600)
        elif level(page) == self.spin:
            while True:
                pass
        elif level(page) == self.wait:
            time.sleep(1)
        elif level(page) == self.hog:
            np.ones(3 << 27)  # 3 GiB
        return result(page, str(level(page)))
