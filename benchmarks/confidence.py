"""Whether confidence keeps its word, and the calibration that makes it do so.

python -m benchmarks.confidence --fit models/default [--lines 700]
python -m benchmarks.confidence --check [--lines 400] [--digits test] [--picture FILE.png]

--fit reads made pages with MNIST's digits that training keeps out. Half of them are by writers who
slant, squeeze and press more than those of the accuracy benchmark do, each page by one. It fits the
weights of the evidence and writes calibration.json into the model's folder. --check reads the pages
of the accuracy benchmark and says by kind what share is accepted, what of it is wrong, and how far
confidence is from the share that is right (expected calibration error), also for
$DIGITBATCH_DATA/dev; --picture draws it. MNIST is read from $DIGITBATCH_DATA/data/mnist, or --data.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy import KINDS, Pen, Rng, digits_for, made_samples, pages_by
from benchmarks.counting import Sample
from benchmarks.noisy_or import fit
from benchmarks.scans import SCANS, read_scans
from digitbatch.acceptance import (
    CALIBRATION_FILE,
    Calibration,
    Evidence,
    Judge,
    Promise,
    as_shown,
    steps_of,
    upper_bound,
)
from digitbatch.config import Config
from digitbatch.errors import PageError
from digitbatch.networks.card import model_hash
from digitbatch.networks.registry import chosen_model
from digitbatch.networks.runtime import load_networks
from digitbatch.packaged import default_model
from digitbatch.reading import read_page
from digitbatch.scoring.pairing import aligned, bare, edits
from digitbatch.training.datasets import Digits, load_mnist
from digitbatch.training.synthesis.mixture import split
from digitbatch.training.temperature import calibration_error
from digitbatch.training.train import Recipe
from digitbatch.types import FieldResult, Image, Networks

FITTED: Final = tuple(kind for kind in KINDS if kind not in ("drawn", "print", "zeros", "webcam"))
"""Kinds that confidence is fitted on: all that MNIST's digits are written on by hand."""

MISREAD_BY_ALL: Final = (7080, 8670, 40721, 56014)
"""Digits of MNIST's training part, by their place, that are not what their label says, or not for
anyone: the networks of the seeds 1 to 4 that learned them with it read another digit all the same.
"""

_BY_HAND: Final = tuple(kind for kind in KINDS if kind != "print")
"""Kinds that are checked: whether a printed line is taken for one is no matter of confidence."""

_SEED: Final = 78  # of the pages to fit on; the accuracy benchmark has others


class Writer(Pen):
    """Writes a page in one hand, which is slanted, narrow or heavy by chance."""

    def __init__(self, digits: Digits) -> None:
        super().__init__(digits)
        self.turn_to(np.random.default_rng(0), 0.0)

    def turn_to(self, rng: Rng, strength: float) -> None:
        """Take another hand; `strength` is 0 for MNIST's digits as they are, 1 for strange ones."""
        self._slant = float(rng.normal(0, 0.2)) * strength
        self._turn_deg = float(rng.normal(0, 7)) * strength
        self._width = float(np.exp(rng.normal(0, 0.18) * strength))
        self._pressure = float(rng.normal(0, 0.035)) * strength  # of the digits' height
        self._unsteady = 0.3 * strength

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """One digit, (h, w) uint8, light ink on black."""
        ink = super().__call__(label, rng, height_px)
        slant = self._slant + self._unsteady * float(rng.normal(0, 0.2))
        turn = np.deg2rad(self._turn_deg + self._unsteady * float(rng.normal(0, 7)))
        side = round(max(ink.shape) * 0.4) + 2
        ink = np.pad(ink, side)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = matrix @ np.array([[self._width, slant], [0.0, 1.0]])
        middle = np.array(ink.shape[::-1]) / 2
        whole = np.column_stack([matrix, middle - matrix @ middle])
        ink = np.asarray(cv2.warpAffine(ink, whole, ink.shape[::-1]), np.uint8)
        size = round(abs(self._pressure) * height_px)
        if size and self._pressure > 0:
            element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size + 1, size + 1))
            ink = np.asarray(cv2.dilate(ink, element), np.uint8)
        elif size:
            ink = _with_finer_pen(ink, -(-size // 2))
        inked = ink > 30
        rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _with_finer_pen(ink: Image, finer_px: int) -> Image:
    """The same digit by a pen that is finer on both sides, down to its strokes' middle.

    A stroke that is lost would leave another digit, or none: what stays is the soft skeleton of
    S. Shit et al., clDice, CVPR 2021.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(finer_px):
        inner = cv2.erode(ink, cross)
        ridge = cv2.subtract(ink, cv2.dilate(inner, np.ones((3, 3), np.uint8)))
        ink = np.asarray(np.maximum(inner, ridge), np.uint8)
    return ink


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it was read."""

    evidence: Evidence
    right: bool
    doubted: bool  # for review whatever its confidence is


class _Recorder(Judge):
    """Accepts everything, and keeps the evidence: a confidence is its number."""

    def __init__(self) -> None:
        object.__setattr__(self, "seen", [])

    def confidence(self, evidence: Evidence) -> float:
        self.seen.append(evidence)
        return as_shown(len(self.seen) * 1e-6)

    def accepts(self, confidence: float) -> bool:  # noqa: ARG002 - all are
        return True

    seen: list[Evidence]


def fields_of(sample: Sample, networks: Networks) -> Iterator[Field]:
    """The fields of a page with text, and whether it is right; text where nothing is is not."""
    judge = _Recorder()
    try:
        found = read_page(sample.page, sample.config, networks, judge).fields
    except PageError:
        return
    texts = [entry for entry in found if entry.text and entry.confidence]
    pairs: list[tuple[str | None, FieldResult]]
    if isinstance(sample.truth, dict):
        pairs = [(sample.truth.get(entry.name, ""), entry) for entry in texts]
    else:
        pairs = [(line, e) for line, e in aligned(sample.truth, texts) if e is not None]
    for line, entry in pairs:
        right = bool(line) and not edits(line or "", bare(entry.text))
        number = round((entry.confidence or 0) * 1e6) - 1
        yield Field(judge.seen[number], right, entry.status != "ok")


def written_by_strangers(digits: Digits, kind: str) -> Iterator[Sample]:
    """Pages of a kind in hands of all sorts: half as MNIST's are, half stranger."""
    rng = np.random.default_rng([_SEED, 1, KINDS.index(kind)])
    writer = Writer(digits)
    for seed in count(_SEED):
        pages = pages_by(writer, kind, seed)
        try:
            while True:
                writer.turn_to(rng, max(0.0, float(rng.uniform(-1, 1))))
                yield next(pages)
        except ValueError:
            continue  # so wide a hand that a line does not fit its page


def kept_out(mnist: Path) -> Digits:
    """The digits that training keeps out, without those that nobody reads as their label says."""
    digits = load_mnist(mnist, "train")
    places = Digits(digits.crops, np.arange(len(digits)))
    own = split(places, Recipe().validation_digits, np.random.default_rng(0))[1].labels
    return digits.take(own[~np.isin(own, MISREAD_BY_ALL)])


def make_calibration(model: Path, mnist: Path, lines_a_kind: int) -> Calibration:
    """Read pages of strange writers, and fit."""
    fields: list[Field] = []
    with ProcessPoolExecutor() as cores:
        found = cores.map(partial(_verified, model, mnist, lines_a_kind), FITTED)
        for kind, own in zip(FITTED, found, strict=True):
            right = np.mean([field.right for field in own])
            print(f"{kind}: {right:.1%} right", file=sys.stderr, flush=True)
            fields += own
    judged = [field for field in fields if not field.doubted]
    digit, text = fit([f.evidence for f in judged], [not f.right for f in judged])
    calibration = Calibration(
        model_hash=model_hash(model),
        line_model_hash=model_hash(chosen_model(None, "line"), "line"),
        made_with=f"benchmarks/confidence.py --fit, {lines_a_kind} lines of each of "
        f"{len(FITTED)} kinds of made pages, seed {_SEED}",
        digit=digit,
        text=text,
        fields=len(judged),
        steps=(),
    )
    verified = [(calibration.confidence(field.evidence), field.right) for field in judged]
    return calibration.model_copy(update={"steps": steps_of(verified)})


def _verified(model: Path, mnist: Path, lines_a_kind: int, kind: str) -> list[Field]:
    """So many fields of a kind by strange writers, on one core."""
    cv2.setNumThreads(1)
    networks = load_networks(model)
    own: list[Field] = []
    for sample in written_by_strangers(kept_out(mnist), kind):
        own += fields_of(sample, networks)
        if len(own) >= lines_a_kind:
            break
    return own


@dataclass(frozen=True, slots=True)
class Checked:
    """How confidence does on pages of one kind."""

    kind: str
    confidences: NDArray[np.float32]  # of all fields with text
    right: NDArray[np.bool_]
    doubted: NDArray[np.bool_]

    def row(self, promise: Promise) -> str:
        """As a row of the table."""
        sure = ~self.doubted & (self.confidences >= np.float32(promise.threshold or 2))
        wrong = int((sure & ~self.right).sum())
        top = self.confidences >= 0.9
        bound = upper_bound(wrong, max(1, int(sure.sum())))
        error = calibration_error(self.confidences, self.right)
        said = f"{self.confidences[top].mean():.1%}" if top.any() else "-"
        was = f"{self.right[top].mean():.1%}" if top.any() else "-"
        return (
            f"| {self.kind} | {len(self.right)} | {self.right.mean():.1%} | {sure.mean():.1%} "
            f"| {wrong} | {bound:.2%} | {said} | {was} | {error:.2%} |"
        )


def check_made(
    judge: Judge, which: Literal["held", "test"], mnist: Path, most: int, kind: str
) -> Checked:
    """Read made pages of a kind, on one core, until there are so many fields."""
    cv2.setNumThreads(1)
    return check(made_samples(kind, digits_for(which, mnist)), kind, judge, most)


def check(samples: Iterator[Sample], kind: str, judge: Judge, most: int | None = None) -> Checked:
    """Read pages, until there are so many fields, and compare confidence with what is right."""
    networks = load_networks(default_model())
    fields: list[Field] = []
    for sample in samples:
        fields += fields_of(sample, networks)
        if most is not None and len(fields) >= most:
            break
    return Checked(
        kind,
        np.array([judge.confidence(field.evidence) for field in fields], np.float32),
        np.array([field.right for field in fields], np.bool_),
        np.array([field.doubted for field in fields], np.bool_),
    )


def together(kind: str, parts: list[Checked]) -> Checked:
    """Several kinds as one."""
    return Checked(
        kind,
        np.concatenate([part.confidences for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.doubted for part in parts]),
    )


def main() -> None:
    """Read the options, and fit or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--fit", type=Path, metavar="MODEL", help="write its calibration")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--lines", type=int, default=700, help="of each kind")
    parser.add_argument("--kinds", help="to check, with commas between; left out: all by hand")
    parser.add_argument("--digits", choices=["held", "test"], default="held")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    parser.add_argument("--max-error", type=float, default=Config().review.max_error)
    parser.add_argument("--picture", type=Path, help="draw confidence against what is right")
    options = parser.parse_args()
    if options.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    data = Path(options.data)
    if options.fit:
        made = make_calibration(options.fit, data / "data" / "mnist", options.lines)
        file = options.fit / CALIBRATION_FILE
        file.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print(f"wrote {file}: {made.promise(options.max_error)}")
    if not options.check:
        return
    calibration = Calibration.model_validate_json((default_model() / CALIBRATION_FILE).read_bytes())
    judge = Judge(calibration, calibration.promise(options.max_error))
    assert model_hash(default_model()) == calibration.model_hash  # noqa: S101
    print(judge.promise)
    print(
        "| pages | fields | right | accepted | wrong | at most | said, of 0.9 to 1 | right | ECE |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    made_parts, real_parts = [], []
    kinds = options.kinds.split(",") if options.kinds else _BY_HAND
    mnist = data / "data" / "mnist"
    with ProcessPoolExecutor() as cores:
        checking = partial(check_made, judge, options.digits, mnist, options.lines)
        for part in cores.map(checking, kinds):
            print(part.row(judge.promise), flush=True)
            made_parts.append(part)
    print(together("all made pages", made_parts).row(judge.promise), flush=True)
    for kind in SCANS.values():
        scans = read_scans(data / "dev", kind)
        part = check(scans, kind, judge)
        print(part.row(judge.promise), flush=True)
        real_parts.append(part)
    print(together("all other pages", real_parts).row(judge.promise), flush=True)
    if options.picture:
        from benchmarks.reliability import draw

        draw(
            options.picture,
            [together("made pages", made_parts), together("other pages", real_parts)],
        )


if __name__ == "__main__":
    main()
