"""A PDF writer as small as two kinds of page need: one scan that fills the page, or pen strokes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from digitbatch.synth.strokes import Curve


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A page that is one JPEG, as copiers send it."""

    jpeg: bytes = field(repr=False)
    width_px: int
    height_px: int
    dpi: float


@dataclass(frozen=True, slots=True)
class StrokePage:
    """A page of vector strokes, as drawing tablets send it."""

    strokes: Sequence[Curve]  # in points of 1/72 inch, origin top left, y downwards
    width_pt: float
    height_pt: float
    pen_pt: float


def write_pdf(pages: Sequence[ScanPage | StrokePage]) -> bytes:
    """Return a PDF 1.4 file with these pages; equal pages give equal bytes."""
    objects: list[bytes] = [b"", b""]  # the catalogue and the list of pages come last
    kids = []
    for page in pages:
        resources = b""
        if isinstance(page, ScanPage):
            width, height = (n * 72 / page.dpi for n in (page.width_px, page.height_px))
            image = _stream(
                page.jpeg,
                b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
                b" /BitsPerComponent 8 /Filter /DCTDecode" % (page.width_px, page.height_px),
            )
            objects.append(image)
            resources = b"/XObject << /Scan %d 0 R >>" % len(objects)
            content = f"{width:.3f} 0 0 {height:.3f} 0 0 cm /Scan Do".encode()
        else:
            width, height = page.width_pt, page.height_pt
            content = _strokes(page)
        objects.append(_stream(content))
        box = f"/MediaBox [0 0 {width:.3f} {height:.3f}]".encode()
        objects.append(
            b"<< /Type /Page /Parent 2 0 R %b /Resources << %b >> /Contents %d 0 R >>"
            % (box, resources, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), len(kids))
    return _file(objects)


def _strokes(page: StrokePage) -> bytes:
    """Round-ended lines in dark blue."""
    parts = [f"0.1 0.15 0.45 RG 1 J 1 j {page.pen_pt:.2f} w"]
    for stroke in page.strokes:
        points = [f"{x:.2f} {page.height_pt - y:.2f}" for x, y in stroke]
        parts.append(f"{points[0]} m " + " ".join(f"{p} l" for p in points[1:]) + " S")
    return "\n".join(parts).encode()


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    """Number the objects and append the table of where each begins."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
