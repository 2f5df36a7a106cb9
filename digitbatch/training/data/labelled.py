"""Labelled crops: where each came from, what was left out, and all that in words and pictures.

A source yields pictures one by one; `collect` brings them into the frame of a run's crops.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from digitbatch.errors import UsageError
from digitbatch.training.data.framing import Framer
from digitbatch.types import CLASSES, CROP_SIZE_PX, Crops, Image

Part = Literal["train", "test"]
_Mark = TypeVar("_Mark", np.bool_, np.int64)
NO_PIXELS: Final = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture as a source holds it, in any frame."""

    file: str  # relative to what was named, "/" between folders
    index: int  # which picture of the file, from 0
    label: int  # 0 to 10, 10 for "other"
    picture: Image  # (height, width) uint8


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that is left out, and why."""

    file: str
    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """All characters that a set has, whoever learns which of them."""

    sha256: str  # of the characters and their labels, in order
    count: int

    @staticmethod
    def of(count: int, *values: NDArray[Any]) -> "Source":
        """The source of `count` characters whose content these arrays are."""
        found = hashlib.sha256()
        for one in values:
            found.update(np.ascontiguousarray(one).tobytes())
        return Source(found.hexdigest(), count)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled crops in the frame of a run's crops, each with the place it came from."""

    name: str  # what was named
    kind: str  # "MNIST's test digits", "class folders", ...
    crops: Crops  # (count, 28, 28) uint8, ink up to 255 on 0
    labels: NDArray[np.int64]  # (count,) 0 to 10
    files: tuple[str, ...]  # (count,)
    indexes: NDArray[np.int64]  # (count,) place in the file, from 0
    weights: NDArray[np.float32]  # (count,) how much each counts in training
    unread: tuple[Unread, ...]
    inverted: int  # crops that were dark ink on light paper
    part: Part | None = None  # which part of divided data it is
    licence: str = ""  # under which it comes, and ...
    credit: str = ""  # ... whose it is; "": not said
    held: NDArray[np.bool_] | None = None  # (count,) to validate on; None: whoever trains draws
    doubtful: NDArray[np.bool_] | None = None  # (count,) "other", but possibly like a digit
    writers: NDArray[np.int64] | None = None  # (count,) who wrote it; -1: not known
    places: tuple[str, ...] = ()  # where it was read, for what crops do not hold; (): not said
    source: "Source | None" = None  # of one set: what its crops come from
    source_places: NDArray[np.int64] | None = None  # (count,) in it; several crops may share one

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def balanced(self) -> bool:
        """Whether named sets are among it, whose weights balance them against each other."""
        return self.held is not None

    def take(self, places: NDArray[np.int64]) -> "Labelled":
        """The crops at these places alone; nothing of what was left out or inverted is said."""
        return replace(
            self,
            crops=self.crops[places],
            labels=self.labels[places],
            files=tuple(self.files[place] for place in places),
            indexes=self.indexes[places],
            weights=self.weights[places],
            held=None if self.held is None else self.held[places],
            doubtful=None if self.doubtful is None else self.doubtful[places],
            writers=None if self.writers is None else self.writers[places],
            source_places=None if self.source_places is None else self.source_places[places],
            unread=(),
            inverted=0,
        )


def with_source(found: Labelled) -> Labelled:
    """Crops that are all that their set has: each is a character of its own."""
    count = len(found)
    return replace(
        found, source=Source.of(count, found.crops, found.labels), source_places=np.arange(count)
    )


def collect(
    name: str,
    kind: str,
    samples: Iterable[Sample | Unread],
    weight: float = 1.0,
    part: Part | None = None,
) -> Labelled:
    """Bring the pictures of one source into the frame of a run's crops.

    Pictures without ink are listed with those that could not be read.
    """
    read: list[Sample | Unread] = []
    framer = Framer()
    for sample in samples:
        if isinstance(sample, Sample):
            framer.add(sample.picture)
            sample = replace(sample, picture=NO_PIXELS)  # noqa: PLW2901 - the crop is all that stays
        read.append(sample)
    framed = iter(framer.crops())
    kept: list[Sample] = []
    crops: list[Image] = []
    unread: list[Unread] = []
    for sample in read:
        crop = next(framed) if isinstance(sample, Sample) else None
        if isinstance(sample, Unread):
            unread.append(sample)
        elif crop is None:
            unread.append(Unread(sample.file, sample.index, "holds no ink"))
        else:
            kept.append(sample)
            crops.append(crop)
    shape = (0, CROP_SIZE_PX, CROP_SIZE_PX)
    return Labelled(
        name=name,
        kind=kind,
        crops=np.stack(crops) if crops else np.zeros(shape, np.uint8),
        labels=np.array([sample.label for sample in kept], np.int64),
        files=tuple(sample.file for sample in kept),
        indexes=np.array([sample.index for sample in kept], np.int64),
        weights=np.full(len(kept), weight, np.float32),
        unread=tuple(unread),
        inverted=framer.inverted,
        part=part,
    )


def join(sets: list[Labelled]) -> Labelled:
    """Put several sets together; their files are named with the set that they belong to."""
    if len(sets) == 1:
        return sets[0]
    return Labelled(
        name=", ".join(one.name for one in sets),
        kind=", ".join(one.kind for one in sets),
        crops=np.concatenate([one.crops for one in sets]),
        labels=np.concatenate([one.labels for one in sets]),
        files=tuple(f"{one.name}/{file}" for one in sets for file in one.files),
        indexes=np.concatenate([one.indexes for one in sets]),
        weights=np.concatenate([one.weights for one in sets]),
        unread=tuple(chain.from_iterable(map(_unread, sets))),
        inverted=sum(one.inverted for one in sets),
        held=_joined([one.held for one in sets], sets, np.False_),
        doubtful=_joined([one.doubtful for one in sets], sets, np.False_),
        writers=_joined([one.writers for one in sets], sets, np.int64(-1)),
    )


def _unread(one: Labelled) -> Iterator[Unread]:
    return (replace(bad, file=f"{one.name}/{bad.file}") for bad in one.unread)


def _joined(
    marks: Sequence[NDArray[_Mark] | None], sets: list[Labelled], unmarked: _Mark
) -> NDArray[_Mark] | None:
    if all(mark is None for mark in marks):
        return None
    filled = (
        np.full(len(one), unmarked) if mark is None else mark
        for mark, one in zip(marks, sets, strict=True)
    )
    return np.concatenate(list(filled))


def class_of(text: str) -> int | None:
    """The class that a folder's or a table's text names, None where it names none."""
    name = text.strip().lower()
    return CLASSES.index(name) if name in CLASSES else None


def from_arrays(
    file: str, pictures: NDArray[np.uint8], labels: NDArray[np.int64]
) -> Iterator[Sample]:
    """The pictures of a file that holds many."""
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        yield Sample(file, index, int(label), picture)


def check_labels(file: str, labels: NDArray[np.int64], count: int, pictures_file: str = "") -> None:
    """Refuse labels that are no digits, or not as many as there are pictures; a UsageError."""
    if labels.shape != (count,):
        raise UsageError(
            f"{file}: has {labels.size} labels for {count} pictures"
            f"{f' in {pictures_file}' if pictures_file else ''}; take both from the same download"
        )
    wrong = np.flatnonzero((labels < 0) | (labels > 9))
    if wrong.size:
        raise UsageError(
            f"{file}: label {labels[wrong[0]]} at position {wrong[0]} is no digit (0 to 9)"
        )


_LISTED: Final = 10  # unreadable crops that are named one by one
_MARGIN_PX: Final = 4
_NAME_PX: Final = 96


def class_counts(data: Labelled) -> dict[str, int]:
    """How many crops of each class there are, also of those that are missing."""
    counts = np.bincount(data.labels, minlength=len(CLASSES))
    return {name: int(count) for name, count in zip(CLASSES, counts, strict=True)}


def summary_lines(data: Labelled) -> list[str]:
    """What was read, how much of each class, and what was not and why."""
    lines = [f"{data.name}: {len(data):,} crops ({data.kind})"]
    counts = class_counts(data)
    lines.append("  " + ", ".join(f"{name}: {count:,}" for name, count in counts.items() if count))
    missing = [name for name in CLASSES[:-1] if not counts[name]]
    if missing:
        lines.append(f"  none of {', '.join(missing)}")
    if data.inverted:
        lines.append(f"  {data.inverted:,} have dark ink on light paper and were inverted")
    if data.unread:
        lines.append(f"  {len(data.unread):,} were left out:")
        lines += [
            f"    {bad.file}{f' [{bad.index}]' if bad.index else ''}: {bad.reason}"
            for bad in data.unread[:_LISTED]
        ]
        if len(data.unread) > _LISTED:
            lines.append(f"    and {len(data.unread) - _LISTED:,} more")
    return lines


def contact_sheet(data: Labelled, columns: int = 24, seed: int = 0) -> bytes:
    """Draw examples of each class as the network sees them, a row for each, as a PNG."""
    rng = np.random.default_rng(seed)
    counts = class_counts(data)
    rows = [label for label, name in enumerate(CLASSES) if counts[name]]
    cell = CROP_SIZE_PX + _MARGIN_PX
    size = (_NAME_PX + columns * cell + _MARGIN_PX, max(1, len(rows)) * cell + _MARGIN_PX)
    sheet = Pillow.new("L", size, 96)
    draw = ImageDraw.Draw(sheet)
    for row, label in enumerate(rows):
        top = _MARGIN_PX + row * cell
        draw.text((_MARGIN_PX, top + 8), f"{CLASSES[label]}: {counts[CLASSES[label]]:,}", fill=255)
        there = np.flatnonzero(data.labels == label)
        shown = np.sort(rng.choice(there, min(columns, len(there)), replace=False))
        for column, index in enumerate(shown):
            crop = Pillow.fromarray(data.crops[index])
            sheet.paste(crop, (_NAME_PX + column * cell, top))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
