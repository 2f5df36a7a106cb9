"""The page of a report, written as the results come: its memory does not grow with the run.

All that comes from outside (names of files and fields, messages, texts) stands in JSON that no
browser runs, with every < and & written as an escape, and gets into the page as text alone. A
content security policy lets nothing run but the page's own script, and nothing be fetched.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from digitbatch.outputs.known_pages import KnownPage
from digitbatch.outputs.results import Record, RunMeta, RunSummary, records
from digitbatch.types import PageResult

_ESCAPED: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}


class ReportFormat:
    """One HTML file that needs no other."""

    def __init__(self, meta: RunMeta) -> None:
        self._meta = meta
        self._separator = "\n"

    def start(self) -> str:
        """Everything up to the first row."""
        style, script = _part("report.css"), _part("report.js")
        policy = (
            f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
            f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
        )
        meta = self._meta
        made = (
            f"digitbatch {meta.version}, weights {meta.model_hash[:12]} and "
            f"{meta.line_model_hash[:12]}, configuration {meta.config_hash[:12]}"
        )
        return _part("report.html").format(
            policy=escape(policy), style=style, script=script, made=escape(made)
        )

    def page(self, result: PageResult) -> str:
        """The rows of one page."""
        pictures = [base64.b64encode(picture).decode("ascii") for picture in result.pictures]
        return self._rows(records(result), pictures)

    def known_page(self, known: KnownPage) -> str:
        """The same of a page from a journal."""
        pictures = json.loads(known.pictures) if known.pictures else []
        return self._rows((Record(known.file, known.page, *row) for row in known.rows), pictures)

    def _rows(self, fields: Iterable[Record], pictures: Sequence[str]) -> str:
        rows = []
        fields = tuple(fields)
        for field, picture in zip(fields, pictures or [""] * len(fields), strict=True):
            rows.append(self._separator + _row(field, picture))
            self._separator = ",\n"
        return "".join(rows)

    def end(self, summary: RunSummary) -> str:  # noqa: ARG002 - the page counts its rows itself
        """The rest of the document."""
        return "\n]</script></body></html>\n"


def _row(field: Record, picture: str) -> str:
    values = [
        field.file,
        int(field.page),
        field.field,
        field.text,
        None if field.confidence is None else round(field.confidence, 4),
        field.status,
        field.message,
        None if field.left is None else [field.left, field.top, field.right, field.bottom],
        picture,
    ]
    return json.dumps(values, separators=(",", ":"), allow_nan=False).translate(_ESCAPED)


@cache
def _part(name: str) -> str:
    return (files("digitbatch.outputs.report") / name).read_text(encoding="utf-8").strip()


def _hash(content: str) -> str:
    digest = hashlib.sha256(f"\n{content}\n".encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
