"""How good models read the digits of many hands: a table over the test writers of each set.

python -m benchmarks.hands [--data hands.yaml] [--model FOLDER ...] [--crops FILE.npz]
python -m benchmarks.hands --page docs/hands.md

Each model is asked alone; with --second also as a run asks it, looking twice at what it doubts.
`--crops` keeps what was read and drawn, for the next time; remove it when hands.yaml has changed.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.runtime import NetworkSet, open_networks
from digitbatch.text.ensemble import TUNED
from digitbatch.training.data import read_sets
from digitbatch.training.evaluation.measures import calibration_error
from digitbatch.types import OTHER, Crops, Probabilities

ROOT: Final = Path(__file__).resolve().parent.parent
CONFIDENT: Final = 0.99
WORST: Final = 3  # classes that are named

Answer = Callable[[Crops], Probabilities]


@dataclass(frozen=True, slots=True)
class TestSet:
    """The crops of one set's test writers."""

    __test__ = False

    name: str
    crops: Crops
    labels: NDArray[np.int64]  # (count,) 0 to 10


@dataclass(frozen=True, slots=True)
class Row:
    """What a model reads of the digits of one set; all shares 0 to 1."""

    name: str
    count: int
    accuracy: float
    worst: tuple[tuple[int, float], ...]  # classes with the least accuracy
    sure: float  # share whose answer has `CONFIDENT` or more
    sure_error: float  # share of those that is wrong
    ece: float
    lost: float  # share given "other"


def read_tests(place: str, kept: Path | None = None) -> list[TestSet]:
    """Read the test part of every set.

    Args:
        place: A file of named sets.
        kept: A file to take it from, or to write it to where there is none.
    """
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as file:
            names = [name.removesuffix("/crops") for name in file.files if name.endswith("/crops")]
            return [TestSet(one, file[f"{one}/crops"], file[f"{one}/labels"]) for one in names]
    tests = [TestSet(one.name, one.crops, one.labels) for one in read_sets([place], "test")]
    if kept is not None:
        arrays: dict[str, NDArray[Any]] = {f"{one.name}/crops": one.crops for one in tests}
        arrays |= {f"{one.name}/labels": one.labels for one in tests}
        np.savez_compressed(kept, **arrays)  # type: ignore[arg-type]
    return tests


def digit_row(name: str, labels: NDArray[np.int64], answers: Probabilities) -> Row:
    """Measure what was answered for digits.

    Args:
        name: Of the set.
        labels: (count,) 0 to 9.
        answers: (count, 11).
    """
    named, confidence = answers.argmax(axis=1), answers.max(axis=1)
    right = named == labels
    sure = confidence >= CONFIDENT
    classes = [(int(k), float(right[labels == k].mean())) for k in np.unique(labels)]
    return Row(
        name=name,
        count=len(labels),
        accuracy=float(right.mean()),
        worst=tuple(sorted(classes, key=lambda one: one[1])[:WORST]),
        sure=float(sure.mean()),
        sure_error=float((~right[sure]).mean()) if sure.any() else 0.0,
        ece=calibration_error(confidence, right),
        lost=float((named == OTHER).mean()),
    )


def table(tests: list[TestSet], answer: Answer) -> list[str]:
    """Ask a model about all sets, and say what it read as a table in Markdown."""
    lines = [
        "| set | digits | accuracy | worst classes | above .99 | wrong of these | ECE | lost |",
        "|---|---|---|---|---|---|---|---|",
    ]
    others = []
    for test in tests:
        answers = answer(test.crops)
        digits = test.labels != OTHER
        if digits.any():
            row = digit_row(test.name, test.labels[digits], answers[digits])
            worst = ", ".join(f"{digit}: {share:.3f}" for digit, share in row.worst)
            lines.append(
                f"| {row.name} | {row.count:,} | {row.accuracy:.4f} | {worst} | {row.sure:.3f}"
                f" | {row.sure_error:.4f} | {row.ece:.4f} | {row.lost:.4f} |"
            )
        if not digits.all():
            found = float((answers[~digits].argmax(axis=1) == OTHER).mean())
            others.append(f'{test.name}: {found:.3f} of {np.count_nonzero(~digits):,} are "other"')
    return [*lines, "", *others]


def with_second_look(networks: NetworkSet) -> Answer:
    """As a run asks: crops that no digit is sure for are reconsidered."""

    def answer(crops: Crops) -> Probabilities:
        answers = networks.classify(crops).copy()
        doubtful = np.flatnonzero(answers[:, :OTHER].max(axis=1) < TUNED.sure)
        if len(doubtful):
            answers[doubtful] = networks.reconsider(crops[doubtful], answers[doubtful])
        return answers

    return answer


def page(tests: list[TestSet], networks: NetworkSet) -> str:
    """docs/hands.md, of the packaged weights."""
    alone, again = table(tests, networks.classify), table(tests, with_second_look(networks))
    return "\n".join(
        [_HEAD, *alone, "", "With the second look, which a run takes at doubtful digits:", "",
         *again, _FOOT]
    )  # fmt: skip


_HEAD: Final = """\
# Other hands

What the packaged weights read of people who are in no training: the test part of each set of \
[hands.yaml](../hands.yaml), whole writers where they are known. \
`DIGITBATCH_DATA=... python -m benchmarks.hands --page docs/hands.md` measures and makes this \
page; figures do not depend on the machine. `above .99` is the share of digits that have so much \
confidence, `lost` that of digits that were taken for no digit.
"""
_FOOT: Final = """
24 of pendigits' 364 test fours lack their second stroke: one writer's pen was not recorded, and \
what is left looks like half a 5. They count as wrong here.

Letters and signs that many people write like a digit (`like_digits` in hands.yaml) are not among \
those that are to be told as `other`.

`python -m benchmarks.accuracy --digits test` reads pages by such writers as well: \
[accuracy.md](accuracy.md).
"""


def main() -> None:
    """Print a table for each model, or make the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=str(ROOT / "hands.yaml"))
    parser.add_argument("--model", type=Path, action="append")
    parser.add_argument("--crops", type=Path)
    parser.add_argument("--second", action="store_true", help="with the second look as well")
    parser.add_argument("--page", type=Path, help="of the packaged weights, into this file")
    options = parser.parse_args()
    tests = read_tests(options.data, options.crops)
    if options.page is not None:
        text = page(tests, open_networks(ROOT / "models" / "default"))
        options.page.write_text(text, encoding="utf-8", newline="\n")
        return
    for folder in options.model or [ROOT / "models" / "default"]:
        networks = open_networks(folder)
        print(f"{folder}:\n", *table(tests, networks.classify), "", sep="\n")
        if options.second:
            print("with its second look:\n", *table(tests, with_second_look(networks)), sep="\n")


if __name__ == "__main__":
    main()
