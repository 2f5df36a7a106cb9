"""Scans of other people's pages, each folder of them with a truth.json beside it.

`truth.json` maps "FOLDER/FILE#PAGE" to the page's lines, by number, or to what is written in its
zones; the zones of a folder stand in FOLDER.yaml beside it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from digitbatch.config import Config
from digitbatch.config.file import load_config
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.scoring.labelled_pages import LabelledPage, Written

SCANS: Final = {
    "real/photos": "real photos",
    "real/c1": "real tally forms",
    "real/marks": "real mark tables",
    "real/desk": "real tables on a desk",
    "forms/postal": "other postal forms",
    "forms/invoice": "other invoices",
    "forms/list": "other lists",
    "forms/fax": "other faxes",
    "forms/touch": "other touching digits",
}
"""Folders of scans below the data's dev/, and what kind of pages they hold."""

SCANS_WITH_ZONES: Final = ("real tally forms", "other postal forms", "other invoices")
"""Kinds whose folders have zones."""


def read_scans(folder: Path, kind: str) -> Iterator[LabelledPage]:
    """Every page of a kind that is named in the truth.json below the folder."""
    part, _, name = next(at for at, said in SCANS.items() if said == kind).partition("/")
    zones = folder / part / f"{name}.yaml"
    config = load_config(zones) if zones.is_file() else Config()
    truths = json.loads((folder / part / "truth.json").read_text(encoding="utf-8"))
    for key, written in sorted(truths.items()):
        file, number = key.rsplit("#", 1)
        if not file.startswith(f"{name}/"):
            continue
        with open_source(SourceFile(folder / part / file, file), InputOptions()) as source:
            page = source.read(int(number))
        lines: Written = (
            written if config.fields else [written[n] for n in sorted(written, key=int)]
        )
        yield LabelledPage(page, config, lines)
