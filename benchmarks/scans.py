"""Scans of other people's pages, with what is written on each in a truth.json.

It maps "FILE#PAGE" to the page's lines, by number, or to what is written in its zones.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from digitbatch.config import Config
from digitbatch.config.file import load_config
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.scoring.labelled_pages import LabelledPage, Written


@dataclass(frozen=True, slots=True)
class ScanSet:
    """Scans of one kind, below the data's dev/."""

    truth: str  # the file that says what is written
    files: str  # that its keys are relative to
    only: str = ""  # what keys of this kind begin with
    zones: str = ""  # the YAML of a page, of which `{}` is FOLDER-FILE; "" or not there: none


def _folder(part: str, name: str) -> ScanSet:
    return ScanSet(f"{part}/truth.json", part, f"{name}/", f"{part}/{name}.yaml")


_SETS: Final = {
    "real photos": _folder("real", "photos"),
    "real tally forms": _folder("real", "c1"),
    "real mark tables": _folder("real", "marks"),
    "real tables on a desk": _folder("real", "desk"),
    "other postal forms": _folder("forms", "postal"),
    "other invoices": _folder("forms", "invoice"),
    "other lists": _folder("forms", "list"),
    "other faxes": _folder("forms", "fax"),
    "other touching digits": _folder("forms", "touch"),
    "photos of numbers": ScanSet("lines/truth.json", "."),
    "forms as found": ScanSet("wild/truth_zones.json", ".", zones="wild/zones/{}.yaml"),
    "forms as found without zones": ScanSet("wild/truth.json", "."),
}

SCANS: Final = tuple(_SETS)[:9]
"""Kinds of scans that accuracy is published of."""

MORE_SCANS: Final = tuple(_SETS)[9:]
"""Kinds that only some measurements read."""

SCANS_WITH_ZONES: Final = ("real tally forms", "other postal forms", "other invoices")
"""Kinds of `SCANS` that have zones."""


def scan_keys(dev: Path, kind: str) -> list[str]:
    """The pages of a kind, as "FILE#PAGE", in their order.

    Args:
        dev: The data's dev/.
        kind: One of `SCANS` or `MORE_SCANS`.
    """
    scans = _SETS[kind]
    truths = json.loads((dev / scans.truth).read_text(encoding="utf-8"))
    return sorted(key for key in truths if key.startswith(scans.only))


def read_scans(dev: Path, kind: str, keys: Sequence[str] | None = None) -> Iterator[LabelledPage]:
    """Pages of a kind.

    Args:
        dev: The data's dev/.
        kind: One of `SCANS` or `MORE_SCANS`.
        keys: Of `scan_keys`; None: all.
    """
    scans = _SETS[kind]
    truths = json.loads((dev / scans.truth).read_text(encoding="utf-8"))
    for key in scan_keys(dev, kind) if keys is None else keys:
        file, number = key.rsplit("#", 1)
        path = Path(file)
        zones = dev / scans.zones.format(f"{path.parent.name}-{path.name}")
        config = load_config(zones) if zones.is_file() else Config()
        with open_source(SourceFile(dev / scans.files / file, file), InputOptions()) as source:
            page = source.read(int(number))
        written = truths[key]
        lines: Written = written if config.zones else [written[n] for n in sorted(written, key=int)]
        yield LabelledPage(page, config, lines)
