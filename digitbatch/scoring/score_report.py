"""A score as a table for people, as JSON for programs, and its risk-coverage curve as a PNG."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.outputs.plain_text import printable, table_lines
from digitbatch.scoring.counts import Counts, Score

_MISTAKES: Final = 20  # that are named; the JSON has all
_HEADER: Final = (
    "pages", "written", "exact", "", "digit errors", "missed", "spurious", "accepted", "", "wrong",
)  # fmt: skip
_SIZE_PX: Final = (760, 460)
_LEFT, _TOP, _RIGHT, _BOTTOM = 76, 64, 736, 404  # of the axes
_FAINT: Final = "#d0d0d0"
_LINE: Final = "#1769aa"
_DOT: Final = "#c0392b"
_LEAST_TOP: Final = 0.01  # of the vertical axis, as a share: a curve of no errors is a flat line


def score_lines(found: Score) -> list[str]:
    """The score in plain text: all, by folder, by field, and what was accepted though wrong."""
    lines = _table("", {"all": found.total})
    if len(found.folders) > 1:
        lines += ["", *_table("folder", found.folders)]
    if len(found.fields) > 1:
        lines += ["", *_table("field", found.fields)]
    total = found.total
    if total.accepted:
        lines += [
            "",
            f"of {total.accepted:,} accepted, {total.wrong:,} are wrong: on more such pages, at "
            f"most {upper_bound(total.wrong, total.accepted):.2%} would be, 95% sure",
        ]
    if found.verified:
        lines += [
            "",
            f"left out: {found.verified:,} fields that people verified, {found.verified_wrong:,} "
            "of them not as the truth has them; JSON results say what was read there",
        ]
    if found.accepted_wrong:
        lines += ["", "accepted though wrong:"]
        for pair in found.accepted_wrong[:_MISTAKES]:
            row = pair.row
            name = "" if row is None else f" {printable(row.field)}"
            sure = "" if row is None or row.confidence is None else f" ({row.confidence:.4f})"
            lines.append(
                f"  {printable(pair.ref.file)}, page {pair.ref.page},{name}: "
                f"{pair.written or 'nothing'} read as {pair.text}{sure}"
            )
        rest = len(found.accepted_wrong) - _MISTAKES
        if rest > 0:
            lines.append(f"  and {rest} more; --json has all")
    return lines


def score_json(found: Score) -> dict[str, Any]:
    """The score as dicts, lists, strings and numbers."""
    return {
        "total": _counts_json(found.total),
        "folders": {name: _counts_json(counts) for name, counts in found.folders.items()},
        "fields": {name: _counts_json(counts) for name, counts in found.fields.items()},
        "curve": [asdict(point) for point in found.curve],
        "accepted_wrong": [
            {
                "file": pair.ref.file,
                "page": pair.ref.page,
                "field": "" if pair.row is None else pair.row.field,
                "written": pair.written,
                "text": pair.text,
                "confidence": None if pair.row is None else pair.row.confidence,
            }
            for pair in found.accepted_wrong
        ],
        "missing_pages": [{"file": ref.file, "page": ref.page} for ref in found.missing],
        "unscored_pages": found.unscored_pages,
        "verified": found.verified,
        "verified_wrong": found.verified_wrong,
    }


def _counts_json(counts: Counts) -> dict[str, float]:
    return {
        **asdict(counts),
        "exact_rate": counts.exact / max(counts.lines, 1),
        "digit_err": counts.errors / max(counts.digits, 1),
        "accept_rate": counts.accepted / max(counts.reported, 1),
        "accepted_err": counts.wrong / max(counts.accepted, 1),
        "accepted_err_bound": upper_bound(counts.wrong, counts.accepted),
    }


def _table(what: str, rows: Mapping[str, Counts]) -> list[str]:
    cells: list[Sequence[str]] = [(what, *_HEADER)]
    for name, c in rows.items():
        pages = f"{c.pages}" if not c.missing else f"{c.pages} ({c.missing} missing)"
        cells.append((
            printable(name), pages, f"{c.lines}", f"{c.exact}", _share(c.exact, c.lines),
            f"{c.errors} of {c.digits}", f"{c.missed}", f"{c.spurious}",
            f"{c.accepted}", _share(c.accepted, c.reported), f"{c.wrong}",
        ))  # fmt: skip
    return table_lines(cells)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def curve_png(found: Score) -> bytes:
    """Draw which share of the accepted fields is wrong, by how many are accepted, surest first.

    A dot is what the run itself accepted, which goes by more than the confidence.
    """
    # Imported here: a score without a curve needs neither Pillow nor training.
    from PIL import Image as Pillow
    from PIL import ImageDraw

    from digitbatch.training.evaluation.pictures import INK, picture_font, png_bytes

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
