"""How zones on printed forms as found are read, drawn within their cells, on the walls and beyond.

    python -m benchmarks.zones [--data FOLDER]

Reads the forms with zones below $DIGITBATCH_DATA/dev, whose zones lie a tenth of a cell's width and
height within the cell, and the same forms with zones up to the walls and 8 % beyond them. Prints a
table: fields with writing, how many of them are wholly right, accepted, accepted and wrong, and
`empty`, and the processor time of a page on one thread.
"""

import argparse
import os
import time
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.scans import read_scans
from digitbatch.config import Config
from digitbatch.networks.runtime import load_networks
from digitbatch.reading import read_page
from digitbatch.scoring.labelled_pages import LabelledPage
from digitbatch.scoring.truth import bare, edits

WITHIN: Final = 0.1  # of a cell: how far within its walls the zones lie that come with the forms
DRAWN: Final = {"within the cell": WITHIN, "on its walls": 0.0, "8 % beyond": -0.08}


def redrawn(config: Config, within: float) -> Config:
    """The same zones, so much of their cell within it; negative: beyond."""
    grow = (WITHIN - within) / (1 - 2 * WITHIN)

    def moved(low: float, high: float) -> tuple[float, float]:
        by = grow * (high - low)
        return max(0.0, low - by), min(1.0, high + by)

    zones = []
    for zone in config.zones:
        left, top, right, bottom = zone.box
        (left, right), (top, bottom) = moved(left, right), moved(top, bottom)
        zones.append(zone.model_copy(update={"box": (left, top, right, bottom)}))
    return config.model_copy(update={"fields": tuple(zones)})


def count(labelled: LabelledPage, config: Config, seen: Counter[str]) -> None:
    """Read a page and add it to the counts."""
    written = labelled.written
    if not isinstance(written, dict):
        raise TypeError("these forms have zones")
    began = time.process_time()
    result = read_page(labelled.page, config, load_networks())
    seen["ms"] += round(1000 * (time.process_time() - began))
    seen["pages"] += 1
    read = {entry.name: entry for entry in result.fields}
    for name, text in written.items():
        entry = read[name]
        is_right = not edits(text, bare(entry.text))
        seen["fields"] += bool(text)
        seen["right"] += bool(text) and is_right
        seen["accepted"] += entry.status == "ok"
        seen["wrong"] += entry.status == "ok" and not (text and is_right)
        seen["empty"] += bool(text) and entry.status == "empty"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    given = parser.parse_args()
    if given.data is None:
        print("skipped: DIGITBATCH_DATA names no folder of forms")
        return
    print("| zones | pages | fields | right | accepted | wrong | empty | ms a page |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for drawn, within in DRAWN.items():
        seen: Counter[str] = Counter()
        for labelled in read_scans(Path(given.data) / "dev", "forms as found"):
            count(labelled, redrawn(labelled.config, within), seen)
        shares = [f"{seen[what] / seen['fields']:.1%}" for what in ("right", "accepted")]
        numbers = [seen["pages"], seen["fields"], *shares, seen["wrong"], seen["empty"]]
        cells = [drawn, *map(str, numbers), str(round(seen["ms"] / seen["pages"]))]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
