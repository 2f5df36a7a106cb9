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

from digitbatch.outputs.format import Format, OutputPage
from digitbatch.outputs.plain_text import encoded
from digitbatch.outputs.results import Record, RunSummary

_ESCAPED: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}


class ReportFormat(Format):
    """One HTML file that needs no other."""

    _separator = "\n"

    def start(self) -> bytes:
        style, script = _part("report.css"), _part("report.js")
        policy = (
            f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
            f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
        )
        meta = self.meta
        made = (
            f"digitbatch {meta.version}, weights {meta.model_hash[:12]}, "
            f"{meta.line_model_hash[:12]} and {meta.ink_model_hash[:12]}, "
            f"configuration {meta.config_hash[:12]}"
        )
        page = _part("report.html").format(
            policy=escape(policy), style=style, script=script, made=escape(made)
        )
        return encoded(page)

    def page(self, page: OutputPage) -> bytes:
        rows = []
        pictures = json.loads(page.pictures) if page.pictures else [""] * len(page.rows)
        for field, picture in zip(page.records(), pictures, strict=True):
            rows.append(self._separator + _row(field, picture))
            self._separator = ",\n"
        return encoded("".join(rows))

    def end(self, summary: RunSummary) -> bytes:  # noqa: ARG002 - the page counts its rows itself
        return b"\n]</script></body></html>\n"


def _row(field: Record, picture: str) -> str:
    box = None if field.left is None else [field.left, field.top, field.right, field.bottom]
    sure = None if field.confidence is None else round(field.confidence, 4)
    values = [
        field.file, int(field.page), field.field, field.text, sure, field.status, field.message,
        box, picture,
    ]  # fmt: skip
    return json.dumps(values, separators=(",", ":"), allow_nan=False).translate(_ESCAPED)


@cache
def _part(name: str) -> str:
    return (files("digitbatch.outputs") / "report" / name).read_text(encoding="utf-8").strip()


def _hash(content: str) -> str:
    digest = hashlib.sha256(f"\n{content}\n".encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
