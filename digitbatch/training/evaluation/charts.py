"""Two charts as SVG inside a page, in the page's own colours."""

from collections.abc import Sequence
from html import escape
from typing import Final

_WIDTH: Final = 440
_HEIGHT: Final = 260
# Where the axes end; around them stand names and numbers.
_LEFT: Final = 56
_TOP: Final = 12
_RIGHT: Final = 428
_BOTTOM: Final = 214


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
        f"<title>{count:,} crops, {height:.1%} right</title></rect>"
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
