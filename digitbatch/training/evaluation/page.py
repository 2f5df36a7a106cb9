"""An evaluation as one HTML file with its pictures in it: nothing is loaded from anywhere."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
from PIL import Image as Pillow

from digitbatch.training.data import Labelled, summary_lines
from digitbatch.training.evaluation.charts import bar_chart, line_chart
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.training.evaluation.measures import rejection_curve, wilson_interval
from digitbatch.types import CLASSES, Image

_SHOWN: Final = 300
_SHARES: Final = tuple(step / 1000 for step in range(0, 201, 2))
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --ink: #1769aa; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse } th, td { padding: .2rem .6rem; text-align: right }
td, th { border: 1px solid var(--line) } .about th, .about td { text-align: left }
.charts { display: flex; flex-wrap: wrap; gap: 2rem } figure { margin: 0 }
.mistakes { display: grid; gap: 1rem }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)) }
.mistakes img { width: 112px; height: 112px; image-rendering: pixelated; background: #000 }
.mistakes small { overflow-wrap: anywhere; display: block }
pre { white-space: pre-wrap }
"""


def evaluation_page(found: Evaluation, data: Labelled, about: Mapping[str, str]) -> str:
    """Write the page.

    Args:
        found: The answers on `data`.
        data: The crops, with the files that they came from.
        about: More to say at the top, by name: the model, the device.

    Returns:
        HTML that needs no other file.
    """
    low, high = found.interval
    facts = {
        "accuracy": f"{found.accuracy:.2%} of {found.count:,} crops"
        f" (95 % confidence: {low:.2%} to {high:.2%})",
        "wrong": f"{int((~found.right).sum()):,}",
        "calibration error": f"{found.ece:.2%}",
        "speed": f"{found.crops_per_s:,.0f} crops/s",
        **about,
    }
    curve = rejection_curve(found.confidences, found.right, _SHARES)
    body = [
        f"<h1>Evaluation on {escape(data.name)}</h1>",
        _facts(facts),
        "<h2>Data</h2>",
        f"<pre>{escape(chr(10).join(summary_lines(data)))}</pre>",
        "<h2>Classes</h2>",
        _classes(found),
        "<h2>Confusion</h2><p>Rows: what stands there. Columns: what was read.</p>",
        _confusion(found),
        "<h2>Confidence</h2><div class=charts>",
        line_chart(
            "Wrong among those kept, by share rejected",
            [(100 * point.rejected, 100 * point.error) for point in curve],
            "% rejected, the least sure first",
            "% wrong",
        ),
        bar_chart(
            "Right answers by confidence; the line is perfect calibration",
            [(one.low, one.high, one.accuracy, one.count) for one in found.reliability],
            "confidence",
            "share right",
        ),
        "</div>",
        "<h2>Mistakes, the most confident first</h2>",
        _mistakes(found, data),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Evaluation on {escape(data.name)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def png_address(crop: Image) -> str:
    """A picture as an address that holds it, for `src`."""
    buffer = io.BytesIO()
    Pillow.fromarray(crop).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _facts(facts: Mapping[str, str]) -> str:
    rows = (
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()
    )
    return f"<table class=about>{''.join(rows)}</table>"


def _classes(found: Evaluation) -> str:
    rows = ["<tr><th>class</th><th>crops</th><th>right</th><th>95 % confidence</th></tr>"]
    for name, share in found.per_class.items():
        count = found.per_class_count[name]
        low, high = wilson_interval(round(share * count), count)
        rows.append(
            f"<tr><th>{name}</th><td>{count:,}</td><td>{share:.2%}</td>"
            f"<td>{low:.2%} to {high:.2%}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def _confusion(found: Evaluation) -> str:
    confusion = found.confusion
    rows = [f"<tr><th></th>{''.join(f'<th>{name}</th>' for name in CLASSES)}</tr>"]
    for label, name in enumerate(CLASSES):
        total = int(confusion[label].sum())
        if total:
            cells = "".join(
                _cell(int(count), total, label == column)
                for column, count in enumerate(confusion[label])
            )
            rows.append(f"<tr><th>{name}</th>{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _cell(count: int, total: int, right: bool) -> str:
    if not count:
        return "<td></td>"
    # The root lets one mistake in a thousand be seen.
    strength = 0.15 + 0.6 * (count / total) ** 0.5
    colour = f"rgba({'40,150,70' if right else '220,50,40'},{strength:.2f})"
    return f'<td style="background:{colour}">{count:,}</td>'


def _mistakes(found: Evaluation, data: Labelled) -> str:
    wrong = np.flatnonzero(~found.right)
    if not wrong.size:
        return "<p>None.</p>"
    order: Sequence[int] = wrong[np.argsort(-found.confidences[wrong], kind="stable")].tolist()
    predicted, confidences = found.predicted, found.confidences
    figures = [
        f'<figure><img alt="a {CLASSES[data.labels[index]]}, read as {CLASSES[predicted[index]]}"'
        f' src="{png_address(data.crops[index])}"><figcaption>'
        f"{CLASSES[data.labels[index]]} read as <b>{CLASSES[predicted[index]]}</b>"
        f" ({confidences[index]:.1%})<small>{escape(data.files[index])}"
        f" [{data.indexes[index]}]</small></figcaption></figure>"
        for index in order[:_SHOWN]
    ]
    rest = len(order) - len(figures)
    more = f"<p>{rest:,} more are not shown; --predictions lists all.</p>" if rest else ""
    return f"<div class=mistakes>{''.join(figures)}</div>{more}"
