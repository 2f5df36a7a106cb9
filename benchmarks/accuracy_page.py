"""docs/accuracy.md, and the table in README.md, from the counts in docs/accuracy.json.

python benchmarks/accuracy_page.py [--engine digitbatch|tesseract|rapidocr] [--lines 400]
python benchmarks/accuracy_page.py --table [--add FILE]

Measures one program by benchmarks/accuracy.py, on pages made of MNIST's test digits and on the
scans below $DIGITBATCH_DATA/dev, and notes its counts; those of the others stay as they are.
--table only makes the page and the README's table anew; --add takes in what
`benchmarks/accuracy.py --json FILE` counted, maybe on another machine.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
RECORDS: Final = ROOT / "docs" / "accuracy.json"
PAGE: Final = ROOT / "docs" / "accuracy.md"
README: Final = ROOT / "README.md"
START: Final = "<!-- made by benchmarks/accuracy_page.py -->\n"
END: Final = "<!-- until here -->\n"
AGAIN: Final = ", taken again"
OTHERS: Final = {"rapidocr": "RapidOCR", "tesseract": "Tesseract"}
SHORT: Final = (
    "list", "fax", "touch", "postal", "invoice", "marks",
    "real photos", "real tally forms", "real mark tables", "real tables on a desk",
)  # fmt: skip

RETAKEN: Final = "real photos,real tally forms,real mark tables,real tables on a desk"

Record = dict[str, Any]
"""What one program read of one kind of pages, as docs/accuracy.json has it."""


def read_records(file: Path = RECORDS) -> list[Record]:
    """Everything that is noted."""
    if not file.exists():
        return []
    records: list[Record] = json.loads(file.read_text(encoding="utf-8"))
    return records


def note(file: Path, record: Record) -> None:
    """Put counts into a file, in place of older ones of the same program and kind."""
    records = {(one["kind"], one["engine"]): one for one in read_records(file)}
    records[record["kind"], record["engine"]] = record
    text = json.dumps(list(records.values()), indent=1) + "\n"
    file.write_text(text, encoding="utf-8", newline="\n")


def page(records: list[Record]) -> str:
    """All of docs/accuracy.md."""
    own = of_engine(records, "digitbatch")
    header = "| pages | lines | wholly right | accepted | accepted, but wrong | false lines |"
    made = [kind for kind, one in own.items() if one["digits"]]
    scanned = [kind for kind, one in own.items() if is_scan(one)]
    again = [kind for kind in own if kind.endswith(AGAIN)]
    return PAGE_TEXT.format(
        summary=summary(records),
        header="".join([header, *(f" {name} |" for name in OTHERS.values())]),
        rule="| --- | ---: | ---: | ---: | ---: | ---: |" + " ---: |" * len(OTHERS),
        made="\n".join(row(kind, records) for kind in made),
        scanned="\n".join(row(kind, records) for kind in scanned),
        again_header=header,
        again_rule="| --- | ---: | ---: | ---: | ---: | ---: |",
        again="\n".join(row(kind, records, ()) for kind in again),
        engines="\n".join(about(engine, records) for engine in ("digitbatch", *OTHERS)),
    )


PAGE_TEXT: Final = """\
# How well pages are read

{summary}

A line is *wholly right* if all of its digits are right and none is missing or too many. *Accepted* are those with the status `ok`; all others are marked for a person. *False lines* were read where nothing is written, or from print. Empty zones are no lines.

## Made pages

Each line is made of MNIST's test digits, which no training has seen, or in `list by unipen` and the like of the digits of one test writer a page of another set ([hands.yaml](../hands.yaml)), on pages with shadows, skew, noise and JPEG. `zeros` are pairs of touching zeros, `print` has words and numbers in type among the written lines, `template` are forms of many layouts that lie shifted, turned and slanted; [digitbatch/synth/](../digitbatch/synth) makes all of them.

{header}
{rule}
{made}

## Other pages

Pages that digitbatch's code did not make: photos and scans of other people's writing, and forms and lists of other programs. They are few, and digitbatch was improved while looking at pages of these kinds: take the figures for what they are.

{header}
{rule}
{scanned}

## Taken again

A page may be read by luck. So each of the real ones is taken again in fourteen ways, each of which changes little: smaller, larger, turned, slanted, wider, narrower, from the side, blurred, noisy, as a poor JPEG, lit from one side, without colour, with little contrast ([synth/paper.py](../digitbatch/synth/paper.py)).

{again_header}
{again_rule}
{again}

## The other programs

[RapidOCR](https://github.com/RapidAI/RapidOCR) and [Tesseract](https://github.com/tesseract-ocr/tesseract) read the same pages, the first of each kind as digitbatch read them, and are counted by the same code. They read text of any sort and were not trained for these pages. Their column is the share of lines wholly right. Neither says which lines can be trusted, so there is nothing to set beside *accepted*.

- **Zones** are cut out for them where digitbatch places them, so they need not find a form on the page, and each is read as one line: Tesseract with `--psm 7`, RapidOCR without its search for text.
- **Pages without zones** are read whole: Tesseract with `--psm 6`, RapidOCR as it comes, its texts joined to rows.
- Of both, digits alone count; Tesseract is told that there is nothing else (`tessedit_char_whitelist`).

| program | version | lines read | CPU time a line | processor |
| --- | --- | ---: | ---: | --- |
{engines}

CPU time is over all of these lines, on one core, with other work on the machine.

## Measuring again

```
export DIGITBATCH_DATA=...                    # has data/mnist and dev
python benchmarks/accuracy_page.py            # digitbatch, 400 lines of each made kind
python benchmarks/accuracy_page.py --engine tesseract --lines 100
python benchmarks/accuracy_page.py --engine rapidocr --lines 100
```

Each notes its counts in [accuracy.json](accuracy.json) and makes this page, and the table in the README, from it. Another program's counts stay; a dash stands where it was not measured, or on other pages than digitbatch. `python benchmarks/accuracy.py` alone prints the counts of digits that are kept out of training, to tune by. `apt-get install tesseract-ocr` and `pip install rapidocr`, which brings its models along, install them.
"""  # noqa: E501 - a paragraph of Markdown is one line


def readme_part(records: list[Record]) -> str:
    """What README.md says of it, between its marks."""
    own = of_engine(records, "digitbatch")
    names = ["digitbatch", *OTHERS.values()]
    rows = []
    for kind in SHORT:
        if kind in own:
            cells = [share(own[kind]), *(compared(kind, engine, records) for engine in OTHERS)]
            rows.append(f"| {kind} | {' | '.join(cells)} |")
    table = [f"| lines wholly right | {' | '.join(names)} |", "| --- | ---: | ---: | ---: |", *rows]
    return "\n".join([summary(records), "", *table, ""])


def summary(records: list[Record]) -> str:
    """How far what is accepted can be trusted, in a sentence for each sort of pages."""
    own = of_engine(records, "digitbatch").values()
    made = sums([one for one in own if one["digits"]])
    scanned = sums([one for one in own if is_scan(one)])
    said = "Of {lines:,} lines on {what}, digitbatch reads {right:.1%} wholly right and accepts {accepted:.1%}; wrong among the {count:,} accepted: {wrong:,}."  # noqa: E501 - as above
    return " ".join(
        said.format(
            lines=total["lines"], what=what, right=total["right"] / total["lines"],
            accepted=total["accepted"] / total["lines"], wrong=total["wrong"],
            count=total["accepted"],
        )
        for total, what in ((made, "made pages"), (scanned, "other pages"))
        if total["lines"]
    )  # fmt: skip


def is_scan(one: Record) -> bool:
    """Whether pages are other people's, as they took them."""
    return not one["digits"] and not one["kind"].endswith(AGAIN)


def row(kind: str, records: list[Record], others: Iterable[str] = OTHERS) -> str:
    """One row of a table of the page."""
    own = of_engine(records, "digitbatch")[kind]
    cells = [
        kind, f"{own['lines']}", share(own), f"{own['accepted'] / own['lines']:.1%}",
        f"{own['wrong']}", f"{own['spurious']}",
        *(compared(kind, engine, records) for engine in others),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def compared(kind: str, engine: str, records: list[Record]) -> str:
    """Another program's share of lines wholly right, if it read the same pages, or the first."""
    own = of_engine(records, "digitbatch")[kind]
    one = of_engine(records, engine).get(kind)
    if one is None or (one["digits"], one["first_page"]) != (own["digits"], own["first_page"]):
        return "-"
    if one["lines"] == own["lines"]:
        return share(one)
    return "-" if one["first_page"] is None else f"{share(one)} of {one['lines']}"


def share(one: Record) -> str:
    """Of the lines, those wholly right."""
    return f"{one['right'] / one['lines']:.1%}"


def about(engine: str, records: list[Record]) -> str:
    """One row of the table of programs."""
    measured = list(of_engine(records, engine).values())
    if not measured:
        return f"| {OTHERS.get(engine, engine)} | not measured | | | |"
    total = sums(measured)
    versions = "; ".join(dict.fromkeys(one["version"] for one in measured))
    processors = "; ".join(dict.fromkeys(one["processor"] for one in measured))
    return (
        f"| {OTHERS.get(engine, engine)} | {versions} | {total['lines']:,} "
        f"| {1000 * total['cpu_s'] / total['lines']:.0f} ms | {processors} |"
    )


def of_engine(records: list[Record], engine: str) -> dict[str, Record]:
    """One program's counts by kind."""
    return {one["kind"]: one for one in records if one["engine"] == engine}


def sums(records: list[Record]) -> Record:
    """Counts over kinds."""
    keys = ("lines", "right", "spurious", "accepted", "wrong", "cpu_s")
    return {key: sum(one[key] for one in records) for key in keys}


def in_readme(text: str, records: list[Record]) -> str:
    """README.md with its part made anew."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{readme_part(records)}{END}{after}"


def main() -> None:
    """Measure, if that is asked for, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", choices=["digitbatch", *OTHERS], default="digitbatch")
    parser.add_argument("--lines", type=int, default=400, help="of each made kind")
    parser.add_argument("--table", action="store_true", help="only make the page anew")
    parser.add_argument("--add", type=Path, help="counts of benchmarks/accuracy.py --json")
    options = parser.parse_args()
    for one in read_records(options.add) if options.add else []:
        note(RECORDS, one)
    if not options.table:
        script = [sys.executable, "-m", "benchmarks.accuracy", "--engine", options.engine]
        wanted = [["--digits", "test", "--lines", str(options.lines)], ["--real"]]
        if options.engine == "digitbatch":
            wanted.append(["--real", "--retaken", "--kinds", RETAKEN])
        for pages in wanted:
            subprocess.run([*script, *pages, "--json", str(RECORDS)], check=True, cwd=ROOT)  # noqa: S603 - our own command
    records = read_records()
    PAGE.write_text(page(records), encoding="utf-8", newline="\n")
    text = in_readme(README.read_text(encoding="utf-8"), records)
    README.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
