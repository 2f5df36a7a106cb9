"""How numbers are read as people write them: decimals, amounts, dates, fractions, corrections.

    python -m benchmarks.notations [--fields 500] [--digits test] [--kinds dates] [--data FOLDER]

Made pages (digitbatch/synth/notations.py) with MNIST digits that training keeps out (`held`) or of
the test part (`test`), and drawn signs. Prints a table: fields, how many have the right text, how
many are accepted, and how many of these are wrong. What is no number to accept (a fraction) is
right where it is not accepted. --wrong prints each field that is accepted and wrong, --not-right
each that is not right.
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from benchmarks.accuracy import digits_for
from digitbatch.config import Config, Zone
from digitbatch.networks.runtime import load_networks
from digitbatch.reading import read_page
from digitbatch.synth.crop_pens import CropPen
from digitbatch.synth.notations import NOTATIONS, NotedPage, noted_pages
from digitbatch.types import FieldResult, Page, PageRef


def read_noted(page: NotedPage) -> list[FieldResult]:
    """The rows of a made page."""
    zones = tuple(
        Zone.model_validate({"name": one.name, "box": one.box} | one.keys) for one in page.fields
    )
    ref = PageRef("made.png", 1)
    return list(read_page(Page(ref, page.pixels), Config(fields=zones), load_networks()).fields)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fields", type=int, default=500, help="of each kind")
    parser.add_argument("--kinds", help="those to read, with commas between; left out: all")
    parser.add_argument("--digits", choices=["held", "test"], default="held")
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--not-right", action="store_true")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    given = parser.parse_args()
    if given.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    digits = digits_for(given.digits, Path(given.data) / "data" / "mnist")
    pen = CropPen(digits.crops, digits.labels)
    chosen = given.kinds.split(",") if given.kinds else NOTATIONS
    print("| written | fields | right | accepted | accepted wrong |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for at, kind in enumerate(NOTATIONS):
        if kind not in chosen:
            continue
        seen: Counter[str] = Counter()
        for page in noted_pages(kind, np.random.default_rng([given.seed, at]), pen):
            for one, row in zip(page.fields, read_noted(page), strict=True):
                accepted = row.status == "ok"
                is_right = row.text == one.truth if one.truth else not accepted
                seen["fields"] += 1
                seen["right"] += is_right
                seen["accepted"] += accepted
                seen["wrong"] += accepted and not is_right
                if (given.wrong and accepted and not is_right) or (
                    given.not_right and not is_right
                ):
                    said = f"{one.written} is {one.truth or 'for review'}, read {row.text}"
                    print(f"{kind}: {said} ({row.status}) {row.message}", file=sys.stderr)
            if seen["fields"] >= given.fields:
                break
        shares = [f"{seen[what] / seen['fields']:.1%}" for what in ("right", "accepted")]
        cells = [kind, str(seen["fields"]), *shares, str(seen["wrong"])]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
