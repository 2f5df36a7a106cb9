"""What rules buy: how many fields are accepted with each, and how many of them are wrong.

python benchmarks/rules.py [--lines 400] [--broken 0.02] [--rules luhn,list50] [--data DIR]

Made postal and invoice pages with MNIST digits that training keeps out, and numbers that obey a
rule but for the share `--broken`, which break it: originals do. Each page is read without the rule
and with it. Prints a Markdown table.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np

from benchmarks.accuracy import digitbatch_engine, digits_for
from benchmarks.counting import count
from digitbatch.config import Config, Zone
from digitbatch.constraints import Check, FieldConstraint, checks_out
from digitbatch.packaged import default_model
from digitbatch.scoring.labelled_pages import form_config
from digitbatch.synth.crop_pens import CropPen
from digitbatch.synth.forms import Rng, made_forms
from digitbatch.types import Page, PageRef


@dataclass(frozen=True)
class Case:
    """A rule, and pages that obey it."""

    form: str  # of made_forms
    keys: Callable[[Path, int], dict[str, object]]  # of a zone with so many digits
    sums: bool = False


def _check(kind: Check) -> Callable[[Path, int], dict[str, object]]:
    return lambda folder, count: {"check": kind}  # noqa: ARG005 - the rules share one shape


def _list(size: int) -> Callable[[Path, int], dict[str, object]]:
    def keys(folder: Path, count: int) -> dict[str, object]:
        file = folder / f"{size}-{count}.txt"
        if not file.is_file():
            drawn = np.random.default_rng([size, count]).choice(10**count, size, replace=False)
            file.write_text("".join(f"{n:0{count}d}\n" for n in drawn), encoding="utf-8")
        return {"values": file}

    return keys


CASES: Final = {
    "length alone": Case("invoice", lambda folder, count: {}),  # noqa: ARG005
    "pattern": Case("invoice", lambda folder, count: {"pattern": f"20[0-2]\\d{{{count - 3}}}"}),  # noqa: ARG005
    "range": Case("invoice", lambda folder, count: {"range": (0.0, 10.0**count / 50)}),  # noqa: ARG005
    "luhn": Case("invoice", _check("luhn")),
    "mod10": Case("invoice", _check("mod10")),
    "mod11": Case("invoice", _check("mod11")),
    "mod97": Case("invoice", _check("mod97")),
    "verhoeff": Case("invoice", _check("verhoeff")),
    "list50": Case("invoice", _list(50)),
    "list5000": Case("postal", _list(5000)),
    "sums": Case("postal", lambda folder, count: {}, sums=True),  # noqa: ARG005
}


def lawful_number(rule: FieldConstraint, count: int, rng: Rng) -> str:
    """A number of so many digits that obeys a rule."""
    if rule.values is not None:
        values = rule.values.read_text(encoding="utf-8").split()
        return str(values[int(rng.integers(len(values)))])
    while True:
        digits = "".join(str(d) for d in rng.integers(0, 10, count))
        if rule.pattern is not None:
            digits = f"20{rng.integers(3)}{digits[3:]}"
        if rule.range is not None:
            digits = f"{int(rng.integers(int(rule.range[1]) + 1)):0{count}d}"
        if rule.check is None or checks_out(rule.check, digits):
            return digits


def measure(
    case: Case, pen: CropPen, lines: int, broken: float, seed: int
) -> dict[str, Counter[str]]:
    """Read pages without the rule and with it; `broken` counts originals that break it."""
    rng = np.random.default_rng([31, seed])
    engine = digitbatch_engine(default_model())
    seen: dict[str, Counter[str]] = {"without": Counter(), "with": Counter(), "broken": Counter()}
    with TemporaryDirectory() as name:
        folder = Path(name)
        odd: set[str] = set()

        def numbers(counts: dict[str, int], rng: Rng) -> dict[str, str]:
            odd.clear()
            written = {}
            for field, digits in counts.items():
                rule = Zone(name="a", box=(0, 0, 1, 1), **case.keys(folder, digits)).rule
                breaks = rng.random() < broken
                if breaks:
                    odd.add(field)
                written[field] = lawful_number(
                    FieldConstraint() if rule is None or breaks else rule, digits, rng
                )
            if case.sums:
                for one, two, total in _triples(list(counts)):
                    parts = [int(written[name]) // 3 for name in (one, two)]
                    written |= {one: f"{parts[0]:05d}", two: f"{parts[1]:05d}"}
                    if total not in odd:
                        written[total] = f"{sum(parts):05d}"
            return written

        for form in made_forms(case.form, rng, pen, numbers):
            plain = form_config(form)
            zones = [
                Zone(**(dict(zone) | case.keys(folder, zone.digits[1])))
                for zone in plain.fields
                if zone.digits is not None
            ]
            names = [zone.name for zone in zones]
            sums = [f"{a} + {b} = {c}" for a, b, c in _triples(names)] if case.sums else []
            ruled = Config(fields=tuple(zones), rules=tuple(sums))
            page = Page(PageRef(case.form, 1), form.pixels)
            free, constrained = engine.read(page, plain), engine.read(page, ruled)
            count(free, form.truth, seen["without"])
            count(constrained, form.truth, seen["with"])
            hit = odd | {n for t in _triples(names) if case.sums and odd & set(t[2:]) for n in t}
            broken_truth = {name: form.truth[name] for name in hit}
            count(constrained, broken_truth, seen["broken"])
            if seen["with"]["lines"] >= lines:
                return seen
    raise AssertionError("made_forms has no end")


def _triples(names: list[str]) -> list[tuple[str, str, str]]:
    return [(names[at], names[at + 1], names[at + 2]) for at in range(0, len(names) - 2, 3)]


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=400, help="of each rule")
    parser.add_argument("--broken", type=float, default=0.02, help="share that breaks the rule")
    parser.add_argument("--rules", help="those to measure, with commas between; left out: all")
    parser.add_argument("--data", type=Path, default=os.environ.get("DIGITBATCH_DATA"))
    options = parser.parse_args()
    if options.data is None:
        sys.exit("skipped: name the folder of the data by --data or DIGITBATCH_DATA")
    cv2.setNumThreads(1)
    chosen = options.rules.split(",") if options.rules else list(CASES)
    if unknown := set(chosen) - set(CASES):
        sys.exit(f"no such rules: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    digits = digits_for("held", Path(options.data) / "data" / "mnist")
    pen = CropPen(digits.crops, digits.labels)
    print(
        "| rule | fields | right | accepted | wrong | right | accepted | wrong | broken | wrong |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in chosen:
        place = list(CASES).index(name)
        seen = measure(CASES[name], pen, options.lines, options.broken, place)
        cells = [name, str(seen["with"]["lines"])]
        for how in ("without", "with"):
            counts = seen[how]
            for key in ("right", "accepted"):
                cells.append(f"{counts[key] / max(1, counts['lines']):.1%}")
            cells.append(str(counts["wrong"]))
        cells += [str(seen["broken"]["lines"]), str(seen["broken"]["wrong"])]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
