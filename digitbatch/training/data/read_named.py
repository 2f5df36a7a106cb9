"""Read named sets as labelled crops: who is for testing only, what is left out, what weighs."""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.training.data.array_files import read_labelled_pictures
from digitbatch.training.data.labelled import Labelled, Part, Sample, Source, collect
from digitbatch.training.data.named_sets import Named, named_sets
from digitbatch.training.data.pen_tracks import PLAIN, Pens, Tracks, draw_tracks, read_pen_tracks
from digitbatch.types import OTHER, Image

ReadSet = Callable[[Path, Part, float], Labelled]
_People = dict[tuple[str, str], int]
"""A number for each writer: those of one collection are the same people in all of its sets."""

_KINDS: Final = {"pen_tracks": "pen tracks", "pictures": "pictures", "crops": "crops"}


@dataclass(frozen=True, slots=True)
class _Source(ABC):
    """Characters of one file with their labels as it writes them, and their writers."""

    labels: NDArray[np.str_]  # (count,)
    writers: NDArray[np.str_]  # (count,)

    @abstractmethod
    def content(self) -> NDArray[np.uint8] | NDArray[np.float64]:
        """The characters, by which the file is known again."""

    def source(self) -> Source:
        """All characters of the file, whatever their role."""
        labels = np.frombuffer("\n".join(self.labels.tolist()).encode(), np.uint8)
        return Source.of(len(self.labels), labels, self.content())

    @abstractmethod
    def picture(self, place: int, pens: Pens, rng: np.random.Generator) -> Image:
        """A character as it is there, or as a pen draws it."""


@dataclass(frozen=True, slots=True)
class _Scanned(_Source):
    pictures: NDArray[np.uint8]  # (count, height, width)

    def content(self) -> NDArray[np.uint8]:
        return self.pictures

    def picture(self, place: int, pens: Pens, rng: np.random.Generator) -> Image:
        del pens, rng
        return np.asarray(self.pictures[place], np.uint8)


@dataclass(frozen=True, slots=True)
class _Drawn(_Source):
    characters: list[Tracks]  # (count,)

    def content(self) -> NDArray[np.float64]:
        return np.concatenate([stroke for character in self.characters for stroke in character])

    def picture(self, place: int, pens: Pens, rng: np.random.Generator) -> Image:
        return draw_tracks(self.characters[place], pens, rng)


def read_named_sets(
    place: Path, part: Part, weight: float, read_set: ReadSet, *, digits_only: bool = False
) -> list[Labelled]:
    """Read the sets that a file of named sets names.

    A set's weight is its share of what is learnt, whatever it counts: its crops weigh so much that
    all crops of the file weigh `weight` in the mean.

    Args:
        place: `FILE.yaml` or `FILE.yaml#NAME,NAME`.
        part: "train" leaves out those for testing only, "test" reads those alone.
        weight: See above.
        read_set: Reads a place that is no file of named sets.
        digits_only: Leave out sets whose role is "other".

    Returns:
        A set for each that has crops of this part.

    Raises:
        ConfigError: If the file is wrong.
        UsageError: If something is missing or damaged. The message names it.
    """
    named = [one for one in named_sets(place) if one.about.role == "digits" or not digits_only]
    people: _People = {}
    read = [(one, _read(one, part, read_set, people)) for one in named]
    read = [(one, found) for one, found in read if len(found)]
    if not read:
        return []
    crops = sum(len(found) for _, found in read)
    shares = sum(one.about.weight for one, _ in read)
    each = [weight * crops * one.about.weight / shares / len(found) for one, found in read]
    return [
        replace(found, weights=np.full(len(found), own, np.float32))
        for own, (_, found) in zip(each, read, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Written:
    """A set's characters as pen tracks, before any pen drew them."""

    name: str
    role: str  # "digits" or "other"
    weight: float  # of the set
    credit: str
    characters: list[Tracks]
    labels: NDArray[np.str_]  # (count,), as the file writes them
    writers: NDArray[np.str_]  # (count,), "" where the file names none
    held: NDArray[np.bool_]  # (count,) to validate on


def read_written(place: Path) -> list[Written]:
    """Read the pen tracks among the sets that a file of named sets names, but for those to test on.

    Of sets whose role is "other" also what looks like digits is there: in a word it is a letter.

    Raises:
        ConfigError, UsageError: As `read_named_sets`.
    """
    found = []
    for one in named_sets(place):
        if one.about.reader != "pen_tracks":
            continue
        source = read_pen_tracks(one.place(one.about.path))
        tests = one.about.test
        wanted = np.ones(len(source), np.bool_)
        wanted[_left_out(one, len(source), "train")] = False
        if tests and tests.writers:
            wanted &= ~np.isin(source.writers, one.listed(tests.writers))
        kept = np.flatnonzero(wanted)
        found.append(
            Written(
                name=one.name,
                role=one.about.role,
                weight=one.about.weight,
                credit=one.about.credit,
                characters=[source.characters[place] for place in kept.tolist()],
                labels=source.labels[kept],
                writers=source.writers[kept],
                held=_held(one, source.writers[kept]),
            )
        )
    return found


def _read(one: Named, part: Part, read_set: ReadSet, people: _People) -> Labelled:
    about = one.about
    if about.reader == "crops":
        found = _of_own_kind(one, part, read_set, people)
    else:
        path, tests = one.place(about.path), about.test
        if part == "test" and tests and tests.path:
            path = one.place(tests.path)
        found = _chosen(one, _source(one, path), part, people)
    found = replace(found, name=one.name, licence=about.licence, credit=about.credit, part=part)
    return replace(found, doubtful=found.labels == OTHER) if about.role == "other" else found


def _of_own_kind(one: Named, part: Part, read_set: ReadSet, people: _People) -> Labelled:
    """MNIST and other sets that say themselves what is for testing."""
    found = read_set(one.place(one.about.path), part, 1.0)
    if part == "test" and found.part != "test":
        return found.take(np.zeros(0, np.int64))
    if part == "test":
        return found
    writers = np.array(one.writers(len(found)) or [""] * len(found))
    return _by_writers(one, found, writers, np.arange(len(found)), people, part)


def _by_writers(
    one: Named, found: Labelled, writers: NDArray[np.str_], places: NDArray[np.int64],
    people: _People, part: Part,
) -> Labelled:  # fmt: skip
    """Say of each crop who wrote it ("": not known), and in training whether it is validated on.

    The crops' places are places in `writers`; those at `places` may be validated on.
    """
    names, which = np.unique(writers, return_inverse=True)
    numbers = [
        people.setdefault((one.about.credit, name), len(people)) if name else -1
        for name in names.tolist()
    ]
    whose = np.array(numbers, np.int64)[which]
    own = np.zeros(0, np.int64) if found.source_places is None else found.source_places
    found = replace(found, writers=whose[own])
    if part == "test":
        return found
    return replace(found, held=np.isin(own, places[_held(one, writers[places])]))


def _source(one: Named, path: Path) -> _Source:
    if one.about.reader == "pen_tracks":
        tracks = read_pen_tracks(path)
        return _Drawn(tracks.labels, tracks.writers, tracks.characters)
    pictures, labels, writers = read_labelled_pictures(path)
    return _Scanned(labels, writers, pictures)


def _chosen(one: Named, source: _Source, part: Part, people: _People) -> Labelled:
    about = one.about
    places = _of_part(one, source, part)
    if about.most is not None and len(places) > about.most:
        places = np.sort(_chance(one, "most").permutation(places)[: about.most])
    held = np.ones(len(places), np.bool_)
    if part == "train":
        held = _held(one, source.writers[places])
    rng = _chance(one, part)
    # What networks are judged by comes once, from one pen.
    times = np.where(held | isinstance(source, _Scanned), 1, about.draws)
    file = Path(about.path).name

    def samples() -> Iterator[Sample]:
        for place, count, judged in zip(places.tolist(), times, held, strict=True):
            label = int(source.labels[place]) if about.role == "digits" else OTHER
            for _ in range(count):
                picture = source.picture(place, PLAIN if judged else Pens(), rng)
                yield Sample(file, place, label, picture)

    found = collect(one.name, _KINDS[about.reader], samples())
    found = replace(found, source=source.source(), source_places=found.indexes)
    return _by_writers(one, found, source.writers, places, people, part)


def _of_part(one: Named, source: _Source, part: Part) -> NDArray[np.int64]:
    """Which characters of a file belong to a part, and have a label that the role asks for."""
    about, tests, labels = one.about, one.about.test, source.labels
    digits = np.array([len(label) == 1 and label.isdecimal() for label in labels])
    wanted = digits if about.role == "digits" else ~digits
    wanted &= ~np.isin(labels, about.like_digits.split())
    if part == "train" or not (tests and tests.path):
        wanted[_left_out(one, len(labels), part)] = False
    for_tests = np.full(len(labels), tests is not None and tests.path is not None)
    if part == "train":
        for_tests[:] = False
    if tests and tests.writers:
        for_tests = np.isin(source.writers, one.listed(tests.writers))
    elif tests and tests.share is not None:
        for_tests = np.random.default_rng(tests.seed).random(len(labels)) < tests.share
    return np.flatnonzero(wanted & (for_tests if part == "test" else ~for_tests))


def _left_out(one: Named, count: int, part: Part) -> NDArray[np.int64]:
    """What is not learnt; of the test digits only those whose label is surely wrong."""
    listed = one.about.leave_out if part == "train" else ()
    places = [int(place) for place in (one.listed(listed) if isinstance(listed, str) else listed)]
    if one.about.mislabelled:
        places += [int(place) for place in one.listed(one.about.mislabelled)]
    wrong = [place for place in places if not 0 <= place < count]
    if wrong:
        raise UsageError(f"{one.name}: leaves out {wrong[0]}, and has {count:,} characters")
    return np.array(sorted(places), np.int64)


def _held(one: Named, writers: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which to validate on: all that some writers wrote, or single ones of nobody known."""
    rng, share = _chance(one, "held"), one.about.held_share
    names, counts = np.unique(writers, return_counts=True)
    if len(names) < 5:
        return np.asarray(rng.random(len(writers)) < share)
    held, count = [], 0
    for name in rng.permutation(len(names)):
        if count + counts[name] <= share * len(writers) * 1.5:
            held.append(names[name])
            count += counts[name]
        if count >= share * len(writers):
            break
    return np.isin(writers, held)


def _chance(one: Named, purpose: str) -> np.random.Generator:
    """The same for a set in each file, whatever stands beside it."""
    return np.random.default_rng(zlib.crc32(f"{one.name} {purpose}".encode()))
