"""Whether confidence keeps its word, on made pages and on those that digitbatch did not make.

python -m benchmarks.confidence [--lines 400] [--digits test] [--picture FILE.png]

Reads the pages of the accuracy benchmark, as `digitbatch calibrate --check` does, and those of
$DIGITBATCH_DATA/dev, and says by kind what share is accepted, what of it is wrong, and how far
confidence is from the share that is right (expected calibration error); --picture draws it. MNIST
is read from $DIGITBATCH_DATA/data/mnist, or --data. What is checked here is made by
`digitbatch calibrate --fit`.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from benchmarks.accuracy import digits_for
from benchmarks.reliability import draw
from benchmarks.scans import SCANS, read_scans
from digitbatch.acceptance.calibration import Judge
from digitbatch.app.plan import find_judge
from digitbatch.config import Config
from digitbatch.config.model import Review
from digitbatch.engine.files import usable_cores
from digitbatch.networks.runtime import load_networks
from digitbatch.packaged import default_line_model, default_model
from digitbatch.scoring.confidence_check import (
    CHECKED_KINDS,
    TABLE_HEAD,
    CheckedPages,
    check_made_pages,
    checked_pages,
    together,
)
from digitbatch.scoring.verified_fields import verified_fields_of
from digitbatch.synth.crop_pens import Hand


def check_scans(dev: Path, judge: Judge) -> list[CheckedPages]:
    """What confidence says of every kind of scans below a folder."""
    networks = load_networks()
    return [
        checked_pages(
            kind,
            [f for page in read_scans(dev, kind) for f in verified_fields_of(page, networks)],
            judge,
        )
        for kind in SCANS
    ]


def print_parts(parts: Sequence[CheckedPages], name: str, judge: Judge) -> CheckedPages:
    """Print a row for each kind, and one for all of them, which is returned."""
    whole = together(name, parts)
    for part in (*parts, whole):
        print(part.row(judge.promise), flush=True)
    return whole


def main() -> None:
    """Read the options and check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=400, help="of each kind")
    parser.add_argument("--kinds", help="to check, with commas between; left out: all by hand")
    parser.add_argument("--digits", choices=["held", "test"], default="held")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    parser.add_argument("--max-error", type=float, default=Config().review.max_error)
    parser.add_argument("--picture", type=Path, help="draw confidence against what is right")
    options = parser.parse_args()
    if options.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    data, models = Path(options.data), (default_model(), default_line_model())
    judge = find_judge(Config(review=Review(max_error=options.max_error)), *models)
    print(judge.promise)
    print(*TABLE_HEAD, sep="\n", flush=True)
    digits = digits_for(options.digits, data / "data" / "mnist")
    made = check_made_pages(
        *models,
        [Hand(digits.crops, digits.labels)],
        judge,
        kinds=options.kinds.split(",") if options.kinds else CHECKED_KINDS,
        lines_a_kind=options.lines,
        processes=usable_cores(),
    )
    all_made = print_parts(made, "all made pages", judge)
    others = print_parts(check_scans(data / "dev", judge), "all other pages", judge)
    if options.picture:
        draw(options.picture, [all_made, others])


if __name__ == "__main__":
    main()
