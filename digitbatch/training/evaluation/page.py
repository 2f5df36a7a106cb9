"""An evaluation as one HTML file with its pictures in it: nothing is loaded from anywhere."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from PIL import Image as Pillow

from digitbatch.training.data import Labelled, summary_lines
from digitbatch.training.evaluation.evaluation import Evaluation
from digitbatch.training.evaluation.measures import rejection_curve
from digitbatch.training.evaluation.pictures import png_bytes
from digitbatch.types import CLASSES

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
.lines { grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)) }
.lines img { width: auto; height: 64px; max-width: 100% }
pre { white-space: pre-wrap }
"""
# Of a chart, in units of its own.
_WIDTH, _HEIGHT = 440, 260
# Where the axes end; around them stand names and numbers.
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 12, 428, 214


def evaluation_page(found: Evaluation, data: Labelled) -> str:
    """Write the page, HTML that needs no other file; `found` may be of lines made of `data`."""
    low, high = found.share.interval
    of_lines = found.kind == "line"
    facts = {
        "accuracy": f"{found.accuracy:.2%} of {found.count:,} {found.unit}"
        f" (95 % confidence: {low:.2%} to {high:.2%})",
        "wrong": f"{len(found.mistakes):,}",
        **({"digit error": f"{found.digit_error:.2%}"} if of_lines else {}),
        "calibration error": f"{found.ece:.2%}",
        "speed": f"{found.per_s:,.0f} {found.unit}/s",
        "model": found.model_hash,
        "device": found.device_name,
    }
    curve = rejection_curve(found.confidences, found.right, _SHARES)
    made = "" if found.kind == "digit" else "lines made of " if of_lines else "pages made of "
    title = f"Evaluation on {made}{escape(data.name)}"
    body = [
        f"<h1>{title}</h1>",
        _facts(facts),
        "<h2>Data</h2>",
        f"<pre>{escape(chr(10).join(summary_lines(data)))}</pre>",
        f"<h2>{'By number of digits' if of_lines else 'Classes'}</h2>",
        _groups(found),
        _confusion(found) if found.kind == "digit" else "",
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
        _mistakes(found),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _facts(facts: Mapping[str, str]) -> str:
    rows = (
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()
    )
    return f"<table class=about>{''.join(rows)}</table>"


def _groups(found: Evaluation) -> str:
    name = "digits" if found.kind == "line" else "class"
    rows = [f"<tr><th>{name}</th><th>{found.unit}</th><th>right</th><th>95 % confidence</th></tr>"]
    for name, own in found.groups.items():
        low, high = own.interval
        rows.append(
            f"<tr><th>{name}</th><td>{own.count:,}</td><td>{own.accuracy:.2%}</td>"
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
    return (
        "<h2>Confusion</h2><p>Rows: what stands there. Columns: what was read.</p>\n"
        f"<table>{''.join(rows)}</table>"
    )


def _cell(count: int, total: int, right: bool) -> str:
    if not count:
        return "<td></td>"
    # The root lets one mistake in a thousand be seen.
    strength = 0.15 + 0.6 * (count / total) ** 0.5
    colour = f"rgba({'40,150,70' if right else '220,50,40'},{strength:.2f})"
    return f'<td style="background:{colour}">{count:,}</td>'


def _mistakes(found: Evaluation) -> str:
    mistakes = found.mistakes
    if not mistakes:
        return "<p>None.</p>"
    figures = [_figure(found, index) for index in mistakes[:_SHOWN]]
    rest = len(mistakes) - len(figures)
    more = f"<p>{rest:,} more are not shown; --predictions lists all.</p>" if rest else ""
    return f'<div class="mistakes {found.unit}">{"".join(figures)}</div>{more}'


def _figure(found: Evaluation, index: int) -> str:
    label, answer = found.labels[index], found.answers[index]
    png = base64.b64encode(png_bytes(Pillow.fromarray(found.pictures[index]))).decode("ascii")
    place = ""
    if found.files and found.indexes is not None:
        place = f"<small>{escape(found.files[index])} [{found.indexes[index]}]</small>"
    return (
        f'<figure><img alt="a {label}, read as {answer}" src="data:image/png;base64,{png}">'
        f"<figcaption>{label} read as <b>{answer}</b> ({found.confidences[index]:.1%}){place}"
        "</figcaption></figure>"
    )


def line_chart(title: str, points: Sequence[tuple[float, float]], x_name: str, y_name: str) -> str:
    """Draw a line through points (x, y), both from 0 up."""
    x_top = max((x for x, _ in points), default=0.0) or 1.0
    y_top = max((y for _, y in points), default=0.0) or 1.0
    path = " ".join(f"{_x(x, x_top):.1f},{_y(y, y_top):.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="var(--ink)" stroke-width="2"/>'
    return _chart(title, line, x_name, x_top, y_name, y_top)


def bar_chart(
    title: str, bars: Sequence[tuple[float, float, float, int]], x_name: str, y_name: str
) -> str:
    """Draw bars (left, right, height, count), all but the count 0 to 1, and the diagonal."""
    drawn = [
        f'<rect x="{_x(left, 1):.1f}" y="{_y(height, 1):.1f}"'
        f' width="{_x(right, 1) - _x(left, 1) - 1:.1f}" height="{_BOTTOM - _y(height, 1):.1f}"'
        f' fill="var(--ink)" opacity="0.7">'
        f"<title>{height:.1%} of {count:,} right</title></rect>"
        for left, right, height, count in bars
    ]
    diagonal = (
        f'<line x1="{_LEFT}" y1="{_BOTTOM}" x2="{_RIGHT}" y2="{_TOP}" stroke="currentColor"'
        ' stroke-dasharray="4 4"/>'
    )
    return _chart(title, "".join([*drawn, diagonal]), x_name, 1.0, y_name, 1.0)


def _chart(title: str, content: str, x_name: str, x_top: float, y_name: str, y_top: float) -> str:
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    marks = [
        f'<text x="{_x(tick, 1):.1f}" y="{_BOTTOM + 16}" text-anchor="middle">'
        f"{tick * x_top:.3g}</text>"
        f'<text x="{_LEFT - 6}" y="{_y(tick, 1) + 4:.1f}" text-anchor="end">'
        f"{tick * y_top:.3g}</text>"
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{_y(tick, 1):.1f}" y2="{_y(tick, 1):.1f}"'
        ' stroke="var(--line)"/>'
        for tick in ticks
    ]
    names = (
        f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{escape(x_name)}</text>"
        f'<text transform="translate(12 {(_TOP + _BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_name)}</text>"
    )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" font-size="12" fill="currentColor" role="img"'
        f' aria-label="{escape(title)}">{"".join(marks)}{content}{names}</svg></figure>'
    )


def _x(value: float, top: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * value / top


def _y(value: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * value / top
