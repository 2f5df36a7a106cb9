"""The risk-coverage curve as a PNG: the share that is wrong against the share accepted."""

from typing import Final

from PIL import Image as Pillow
from PIL import ImageDraw

from digitbatch.scoring.counts import Score
from digitbatch.training.evaluation.pictures import INK, picture_font, png_bytes

_SIZE_PX: Final = (760, 460)
_LEFT, _TOP, _RIGHT, _BOTTOM = 76, 64, 736, 404  # of the axes
_FAINT: Final = "#d0d0d0"
_LINE: Final = "#1769aa"
_DOT: Final = "#c0392b"
_LEAST_TOP: Final = 0.01  # of the vertical axis, as a share: a curve of no errors is a flat line


def curve_png(found: Score) -> bytes:
    """Draw which share of the accepted fields is wrong, by how many are accepted, surest first.

    A dot is what the run itself accepted, which goes by more than the confidence.
    """
    picture = Pillow.new("RGB", _SIZE_PX, "white")
    draw = ImageDraw.Draw(picture)
    reported = max(found.total.reported, 1)
    points = [(point.accepted / reported, point.wrong / point.accepted) for point in found.curve]
    own = None
    if found.total.accepted:
        own = found.total.accepted / reported, found.total.wrong / found.total.accepted
    top = max(_LEAST_TOP, *(error for _, error in points), own[1] if own else 0.0)

    def place(share: float, error: float) -> tuple[float, float]:
        return _LEFT + (_RIGHT - _LEFT) * share, _BOTTOM + (_TOP - _BOTTOM) * error / top

    draw.text((_LEFT, 14), "Wrong among the accepted, by the share accepted", INK, picture_font(17))
    about = f"{found.total.reported:,} fields with text; the surest are accepted first"
    draw.text((_LEFT, 38), about, INK, picture_font(13))
    for step in range(5):
        x, y = place(step / 4, top * step / 4)
        draw.line((_LEFT, y, _RIGHT, y), _FAINT)
        draw.line((x, _TOP, x, _BOTTOM), _FAINT)
        draw.text((_LEFT - 8, y), f"{top * step / 4:.2%}", INK, picture_font(13), anchor="rm")
        draw.text((x, _BOTTOM + 8), f"{step / 4:.0%}", INK, picture_font(13), anchor="mt")
    middle = (_LEFT + _RIGHT) / 2
    draw.text((middle, _BOTTOM + 30), "accepted", INK, picture_font(13), anchor="mt")
    if points:
        line = [place(*point) for point in points]
        draw.line([(place(0, 0)[0], line[0][1]), *line], _LINE, 2)
    if own is not None:
        x, y = place(*own)
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), _DOT)
        said = f"ok: {own[0]:.1%} accepted, {found.total.wrong} wrong"
        side = "r" if x > middle else "l"
        draw.text(
            (x + (-10 if side == "r" else 10), y - 10), said, _DOT, picture_font(13), f"{side}b"
        )
    return png_bytes(picture)
