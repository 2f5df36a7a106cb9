"""The page of a report, written as the results come: its memory does not grow with the run.

All that comes from outside (names of files and fields, messages, texts) stands in JSON that no
browser runs, with every < and & written as an escape, and gets into the page as text alone. A
content security policy lets nothing run but the page's own script, and nothing be fetched.
"""

import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from digitbatch.results import RunMeta, RunSummary
from digitbatch.types import FieldResult, PageResult

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
        pictures = result.pictures or (b"",) * len(result.fields)
        rows = []
        for field, picture in zip(result.fields, pictures, strict=True):
            rows.append(self._separator + _row(result, field, picture))
            self._separator = ",\n"
        return "".join(rows)

    def end(self, summary: RunSummary) -> str:  # noqa: ARG002 - the page counts its rows itself
        """The rest of the document."""
        return "\n]</script></body></html>\n"


def _row(result: PageResult, field: FieldResult, picture: bytes) -> str:
    box = field.box
    values = [
        result.ref.file,
        int(result.ref.page),
        field.name,
        field.text,
        None if field.confidence is None else round(float(field.confidence), 4),
        field.status,
        field.message,
        None if box is None else [box.left, box.top, box.right, box.bottom],
        base64.b64encode(picture).decode("ascii"),
    ]
    return json.dumps(values, separators=(",", ":"), allow_nan=False).translate(_ESCAPED)


@cache
def _part(name: str) -> str:
    return (files("digitbatch.outputs.report") / name).read_text(encoding="utf-8").strip()


def _hash(content: str) -> str:
    digest = hashlib.sha256(f"\n{content}\n".encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
