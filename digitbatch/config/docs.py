"""Prints docs/pipeline.md, made from the models: `python -m digitbatch.config.docs`."""

import sys
from inspect import getdoc

from pydantic import BaseModel

from digitbatch.config import Config, Review, Template, Zone
from digitbatch.config.problems import keys_of
from digitbatch.config.tables import Column, Table
from digitbatch.inputs.source import InputOptions
from digitbatch.stages import STAGES
from digitbatch.stages.base import PageStage, Segmenter, Stage
from digitbatch.stages.chain import in_order, one_of

_INTRO = """\
# pipeline.yaml

This page is made from the code by `python -m digitbatch.config.docs > docs/pipeline.md`.

pipeline.yaml says what is done with a page. `digitbatch run` takes the file that `--config` names,
else `pipeline.yaml` in the current folder, else the packaged one, and says in its first log line
which. Every key may be left out and then has its default; a file that holds only `fields:` is
complete. Paths in the file are relative to it.

`digitbatch check FILE` lists everything that is wrong in a file, with lines, or prints its plan.
It names rules of a zone that no number obeys (exit code 3) and zones that lie on each other.
`digitbatch check --schema > pipeline.schema.json` gives a schema to editors; the YAML language
server finds it through a first line `# yaml-language-server: $schema=pipeline.schema.json`.

The file is YAML without tags, anchors and aliases. Text that looks like a number or like yes, no,
on, off, true, false or null is quoted: `name: "01"`.
"""

_EXAMPLES: dict[type[BaseModel], str] = {
    Zone: """\
```yaml
fields:
  - {name: invoice_no, box: [0.58, 0.147, 0.967, 0.201], digits: 8}
  - {name: "01", box: [0.10, 0.30, 0.25, 0.34], digits: [0, 3], pages: [1]}
  - {name: total, unit: mm, box: [120, 240.5, 178, 252]}
  - {name: date, unit: px, dpi: 300, box: [310, 200, 790, 290], digits: 8}
  - {name: card, box: [0.58, 0.3, 0.967, 0.35], digits: 16, check: luhn}
```

[templates.md](templates.md) says how zones are made and read, [rules.md](rules.md) what `pattern`,
`range`, `values`, `check`, `decimals`, `date`, `signs` and sums do.
""",
    Table: """\
```yaml
tables:
  - name: marks
    box: [0.08, 0.21, 0.92, 0.93] # of the whole table, headings too
    header_rows: 1
    rows: 20 # row01, row02, ...
    columns:
      - {name: number, skip: true} # printed
      - {name: a, digits: [0, 2], range: [0, 25]}
      - {name: b, digits: [0, 2], range: [0, 25]}
      - {name: total, digits: [0, 2], sum: [a, b]}
    empty: [dash, cross]
```

[templates.md](templates.md#tables) says how tables are laid and read.
""",
    Template: """\
```yaml
template: {image: reference.png}
fields:
  - {name: total, box: [0.70, 0.88, 0.82, 0.93]}
```
""",
}

_STAGES = """\
## stages

Page stages, then one segmenter, then one normalizer. What is left out of `stages:` is not done; a
file without `stages:` has those of the packaged pipeline.yaml.

Each stage takes certain kinds of pixels and gives one. That they fit is checked when the file is
loaded, for colour pages and for grey ones. Lengths in px are pixels of the page as it reaches the
stage.

| kind | pixels |
|---|---|
| color | red, green and blue |
| gray | grey levels, dark ink on light paper |
| ink | grey levels, light ink on black: an inverted gray |
| binary | only 0 and 255, ink 0 on paper 255 |
| mask | only 0 and 255, ink 255 on 0: an inverted binary |

Kinds differ in polarity, and so do the effects of morphology: `erosion` thins the ink of a mask and
thickens the ink of a gray page. [samples/classic.yaml](../samples/classic.yaml) is a chain of the
plain kind, with every stage in its place.
"""


def markdown() -> str:
    """The text of docs/pipeline.md."""
    parts = [_INTRO, "## Top level", _table(Config)]
    for heading, model in (
        ("input", InputOptions), ("fields", Zone), ("tables", Table),
        ("columns of a table", Column), ("template", Template), ("review", Review),
    ):  # fmt: skip
        parts += [f"## {heading}", _doc(model), _table(model)]
        if model in _EXAMPLES:
            parts.append(_EXAMPLES[model])
    parts.append(_STAGES)
    for op, stage in STAGES.items():
        parts += [f"### {op}", _doc(stage), _kinds(stage)]
        if keys_of(stage):
            parts.append(_table(stage))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _doc(model: type[BaseModel]) -> str:
    return getdoc(model) or ""


def _kinds(stage: type[Stage]) -> str:
    if not issubclass(stage, PageStage | Segmenter):
        return "Normalizer: takes the ink of one digit, gives its crop."
    kinds = in_order(stage.takes)
    if issubclass(stage, Segmenter):
        return f"Segmenter: takes {one_of(kinds)}, gives digits."
    flows = [f"{kind} → {stage.gives.get(kind, kind)}" for kind in kinds]
    return f"Page stage: {', '.join(flows)}."


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    for key in keys_of(model):
        default = key.default or "must be given"
        cells = (f"`{key.name}`", key.takes, default, key.description)
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.buffer.write(markdown().encode())
