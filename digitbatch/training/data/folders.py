"""Crops as picture files: one subfolder for each class, or a CSV of paths and labels."""

import csv
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from digitbatch.errors import PageError, UsageError
from digitbatch.inputs.pillow_pixels import from_pillow, orientation_of, upright
from digitbatch.training.data.labelled import Sample, Unread, class_of
from digitbatch.types import CLASSES, Image

COLUMNS: Final = ("file", "label")
MAX_PIXELS: Final = 4_000_000
"""A crop is one digit: what has more pixels is a page, and is not decoded."""

_FORMATS: Final = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
_NOT_OURS: Final = {"__macosx", "thumbs.db", "desktop.ini"}  # what systems leave in folders


def class_folders(folder: Path) -> dict[Path, int]:
    """The subfolders that are named after classes, if any; a UsageError if others stand beside."""
    subfolders = sorted(path for path in _visible(folder) if path.is_dir())
    labels = {path: class_of(path.name) for path in subfolders}
    known = {path: label for path, label in labels.items() if label is not None}
    if known:
        for path, label in labels.items():
            if label is None:
                raise UsageError(
                    f"{path}: {path.name!r} is no class; expected folders named"
                    f" {', '.join(CLASSES)} (not all are needed); move this one elsewhere"
                )
    return known


def folder_samples(folder: Path, classes: dict[Path, int]) -> Iterator[Sample | Unread]:
    """The pictures of each class's folder and the folders in it, in the order of their names."""
    for place, label in classes.items():
        for path in sorted(_files_below(place)):
            yield _sample(path, path.relative_to(folder).as_posix(), label)


def table_samples(path: Path) -> Iterator[Sample | Unread]:
    """The pictures that a CSV names, relative to its own folder; labels are checked before.

    The first line names the columns: `file` and `label` are needed, others are ignored. The
    separator is a comma or a semicolon, the encoding UTF-8.

    Raises:
        UsageError: If the file is no such table, or a label is outside the classes.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 ({error.reason}); save it as UTF-8") from error
    head = lines[0] if lines else ""
    table = csv.DictReader(lines, delimiter=";" if ";" in head and "," not in head else ",")
    missing = [column for column in COLUMNS if column not in (table.fieldnames or ())]
    if missing:
        raise UsageError(
            f"{path}: has no column {missing[0]!r}; the first line must name the columns"
            f" {' and '.join(COLUMNS)} (it is {head[:80]!r})"
        )
    rows = []
    for row in table:
        label = class_of(row["label"] or "")
        if label is None:
            raise UsageError(
                f"{path}, line {table.line_num}: label {row['label']!r} is no class; expected one"
                f" of {', '.join(CLASSES)}"
            )
        rows.append((row["file"].strip(), label))
    return (_sample(path.parent / name, name, label) for name, label in rows)


def _sample(path: Path, name: str, label: int) -> Sample | Unread:
    try:
        return Sample(name, 0, label, read_picture(path))
    except PageError as error:
        return Unread(name, 0, str(error))


def _files_below(folder: Path) -> Iterator[Path]:
    for path in _visible(folder):
        if path.is_dir():
            yield from _files_below(path)
        else:
            yield path


def _visible(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if not path.name.startswith(".") and path.name.lower() not in _NOT_OURS:
            yield path


def read_picture(path: Path) -> Image:
    """Decode one crop: PNG, JPEG, BMP, TIFF or WebP, of any size up to `MAX_PIXELS`.

    Returns:
        (height, width) uint8, upright; colours as grey, alpha over white.

    Raises:
        PageError: It cannot be read; the message says why, without the file's name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags, and of sizes that are checked here
            with Pillow.open(path, formats=_FORMATS) as picture:
                _check_size(*picture.size)
                picture.load()
                pixels = upright(from_pillow(picture), orientation_of(picture.info.get("exif")))
    except PageError:
        raise
    except FileNotFoundError as error:
        raise PageError("is not there") from error
    except UnidentifiedImageError as error:
        raise PageError("is no PNG, JPEG, BMP, TIFF or WebP") from error
    except Exception as error:  # decoders raise nearly anything on a damaged file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise PageError(f"cannot be read ({reason})") from error
    if pixels.ndim == 3:
        pixels = np.asarray(Pillow.fromarray(pixels).convert("L"), np.uint8)
    return np.ascontiguousarray(pixels)


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise PageError(
            f"has {width_px} x {height_px} pixels, too many for one digit (at most {MAX_PIXELS:,})"
        )
