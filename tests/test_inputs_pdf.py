"""PDF: scans keep their pixels, other pages are rendered, bad ones are errors."""

import io
import time
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Image
from tests.made_pictures import Read, coloured, drawing, encode, read_page

BOX = "/MediaBox [0 0 72 144]"  # an inch wide, two inches high


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a page of a PDF with the given content."""
    return partial(read_page, tmp_path, name="p.pdf")


def pdf(
    *pages: str, objects: tuple[bytes, ...] = (), catalog: str = "", trailer: str = ""
) -> bytes:
    """A PDF made by hand: pages by what stands in them, then further objects from number 100 on."""
    numbers = range(10, 10 + len(pages))
    kids = " ".join(f"{number} 0 R" for number in numbers)
    parts = {
        1: f"<</Type /Catalog /Pages 2 0 R {catalog}>>".encode(),
        2: f"<</Type /Pages /Count {len(pages)} /Kids [{kids}]>>".encode(),
        **{
            number: f"<</Type /Page /Parent 2 0 R {page}>>".encode()
            for number, page in zip(numbers, pages, strict=True)
        },
        **dict(enumerate(objects, 100)),
    }
    out = b"%PDF-1.7\n"
    places = {}
    for number, body in parts.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += f"trailer <</Size 999 /Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return out


def stream(content: bytes, entries: str = "") -> bytes:
    """A stream object."""
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (entries.encode(), len(content), content)


def image(pixels: Image, entries: str = "") -> bytes:
    """An image object of raw grey or R, G, B samples."""
    height, width = pixels.shape[:2]
    colours = "/DeviceGray" if pixels.ndim == 2 else "/DeviceRGB"
    entries = f"/ColorSpace {colours} /BitsPerComponent 8 {entries}"
    return stream(
        np.ascontiguousarray(pixels).tobytes(),
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} {entries}",
    )


def scan_page(matrix: str, page: str = BOX, behind: str = "") -> tuple[str, bytes]:
    """A page that draws object 100, an image, and its content, object 101."""
    resources = "/Resources <</XObject <</S 100 0 R>> /Font <</F 102 0 R>>>>"
    return f"{page} /Contents 101 0 R {resources}", stream(
        f"q {matrix} cm /S Do Q {behind}".encode()
    )


FONT = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
SCAN = drawing(200, 100)


def scanned(matrix: str, page: str = BOX, behind: str = "", entries: str = "") -> bytes:
    """A PDF of one page with `SCAN` on it."""
    text, content = scan_page(matrix, page, behind)
    return pdf(text, objects=(image(SCAN, entries), content, FONT))


@pytest.mark.parametrize("resolution", [72, 100, 299, 300, 613])
@pytest.mark.parametrize(
    "page", [drawing(480, 347), drawing(480, 347) > 128], ids=["grey", "1 bit"]
)
def test_scan_keeps_every_pixel(read: Read, resolution: int, page: Image) -> None:
    """A page that is one scan has the scan's size and pixels, whatever size the paper has."""
    if page.dtype == bool:
        data = encode(Pillow.fromarray(page), "PDF", resolution=resolution)
        expected = np.where(page, 255, 0).astype(np.uint8)
    else:
        width, height = (f"{size * 72 / resolution:.3f}" for size in (347, 480))
        text, content = scan_page(f"{width} 0 0 {height} 0 0", f"/MediaBox [0 0 {width} {height}]")
        data, expected = pdf(text, objects=(image(page), content, FONT)), page
    found = read(data)
    np.testing.assert_array_equal(found.pixels, expected)
    assert found.dpi == pytest.approx(resolution, rel=0.01)


def test_jpeg_scan_is_the_jpeg(read: Read) -> None:
    """A JPEG in a PDF comes out as the JPEG alone would, in colour or grey."""
    for page in (drawing(160, 240), np.dstack([drawing(160, 240), *[drawing(160, 240) // 2] * 2])):
        data = encode(page, "PDF", resolution=150, quality=95)
        start = data.index(b"\xff\xd8\xff")
        alone = data[start : data.index(b"\xff\xd9", start) + 2]
        expected = np.asarray(Pillow.open(io.BytesIO(alone))).astype(int)
        found = read(data).pixels
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize(
    ("matrix", "rotate", "expected"),
    [
        ("72 0 0 144 0 0", 0, SCAN),
        ("72 0 0 144 0 0", 90, np.rot90(SCAN, 3)),
        ("72 0 0 144 0 0", 180, np.rot90(SCAN, 2)),
        ("72 0 0 144 0 0", 270, np.rot90(SCAN)),
        ("-72 0 0 144 72 0", 0, SCAN[:, ::-1]),
        ("72 0 0 -144 0 144", 0, SCAN[::-1]),
        ("-72 0 0 -144 72 144", 180, SCAN),
    ],
)
def test_turned_and_mirrored_scans_come_out_as_seen(
    read: Read, matrix: str, rotate: int, expected: Image
) -> None:
    """Pages turned by /Rotate or by the image's matrix are upright, pixel for pixel."""
    found = read(scanned(matrix, f"{BOX} /Rotate {rotate}")).pixels
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("matrix", "turns"), [("0 72 -144 0 144 0", 1), ("0 -72 144 0 0 72", 3)])
def test_scan_laid_on_its_side(read: Read, matrix: str, turns: int) -> None:
    """A matrix that turns the image by a quarter is followed."""
    found = read(scanned(matrix, "/MediaBox [0 0 144 72]")).pixels
    np.testing.assert_array_equal(found, np.rot90(SCAN, turns))


def test_text_under_a_scan_is_invisible(read: Read) -> None:
    """A scan with recognised text laid under it is still one scan."""
    behind = "BT 3 Tr /F 20 Tf 5 50 Td (123) Tj ET"
    np.testing.assert_array_equal(read(scanned("72 0 0 144 0 0", behind=behind)).pixels, SCAN)


def test_visible_text_on_a_scan_is_seen(read: Read) -> None:
    """A page with more than a scan is rendered at the set resolution, with all that is on it."""
    plain = read(scanned("72 0 0 144 0 0", behind="0 0 m 1 1 l S"), pdf_dpi=200).pixels
    data = scanned("72 0 0 144 0 0", behind="BT /F 40 Tf 2 90 Td (88) Tj ET")
    found = read(data, pdf_dpi=200).pixels
    assert found.shape == plain.shape == (400, 200)
    assert (found < 90).sum() > (plain < 90).sum() + 300


@pytest.mark.parametrize("matrix", ["70 10 -10 140 2 0", "10 0 0 10 30 30"])
def test_slanted_and_small_images_are_rendered(read: Read, matrix: str) -> None:
    """An image that is not the page does not set the page's resolution."""
    found = read(scanned(matrix), pdf_dpi=100)
    assert found.pixels.shape == (200, 100)
    assert found.dpi == pytest.approx(100)


def test_scan_with_inverted_levels_comes_out_as_seen(read: Read) -> None:
    """/Decode [1 0] turns black into white."""
    found = read(scanned("72 0 0 144 0 0", entries="/Decode [1 0]")).pixels
    np.testing.assert_array_equal(found, 255 - SCAN)


def test_stencil_comes_out_as_seen(read: Read) -> None:
    """A 1-bit mask through which black is painted is black on white."""
    black = SCAN < 128
    mask = stream(
        np.packbits(~black, axis=1).tobytes(),
        "/Type /XObject /Subtype /Image /Width 100 /Height 200 /ImageMask true /BitsPerComponent 1",
    )
    text, content = scan_page("72 0 0 144 0 0")
    found = read(pdf(text, objects=(mask, content, FONT))).pixels
    np.testing.assert_array_equal(found, np.where(black, 0, 255))


def test_scan_with_oblong_pixels_is_made_square(read: Read) -> None:
    """A fax of 100 x 50 dpi is shown as high as the paper is."""
    found = read(scanned("72 0 0 288 0 0", "/MediaBox [0 0 72 288]"))
    assert found.pixels.shape == (400, 100)


def test_pages_are_rendered_at_the_set_resolution(read: Read) -> None:
    """A page of text has pdf_dpi; every page has its own size."""
    content = stream(b"BT /F 60 Tf 10 20 Td (7) Tj ET 1 0 0 rg 0 100 72 44 re f")
    page = "/Contents 100 0 R /Resources <</Font <</F 101 0 R>>>>"
    data = pdf(f"{BOX} {page}", f"/MediaBox [0 0 144 72] {page}", objects=(content, FONT))
    for number, shape in ((1, (288, 144, 3)), (2, (144, 288))):
        found = read(data, page=number, pages=2, pdf_dpi=144)
        assert found.pixels.shape == shape
        assert found.dpi == pytest.approx(144)
        assert found.pixels.min() == 0
    first = read(data, page=1, pages=2, pdf_dpi=144).pixels
    np.testing.assert_array_equal(first[20, 50], [255, 0, 0])


def test_form_fields_and_notes_are_drawn(read: Read) -> None:
    """What somebody filled in or stamped on a page is on the page."""
    look = stream(b"0 g 0 0 40 40 re f", "/Type /XObject /Subtype /Form /BBox [0 0 40 40]")
    field = (
        b"<</Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (5) /F 4 "
        b"/Rect [10 10 50 50] /AP <</N 101 0 R>>>>"
    )
    stamp = b"<</Type /Annot /Subtype /Stamp /F 4 /Rect [10 90 50 130] /AP <</N 101 0 R>>>>"
    page = f"{BOX} /Annots [100 0 R 102 0 R]"
    form = "/AcroForm <</Fields [100 0 R]>>"
    found = read(pdf(page, objects=(field, look, stamp), catalog=form), pdf_dpi=72).pixels
    assert found.shape == (144, 72)
    assert (found[98:130, 14:46] == 0).all()
    assert (found[18:50, 14:46] == 0).all()
    assert (found[60:85] == 255).all()


# Damage


def test_encrypted_pdf_says_so(read: Read) -> None:
    """A PDF that asks for a password is an error that says what to do."""
    encrypt = (
        "/Encrypt <</Filter /Standard /V 1 /R 2 /P -44 /Length 40 "
        f"/O <{'11' * 32}> /U <{'22' * 32}>>> /ID [<00> <00>]"
    )
    with pytest.raises(PageError, match="encrypted and asks for a password: save it without"):
        read(pdf(BOX, trailer=encrypt))


def test_broken_page_harms_no_other(read: Read) -> None:
    """A page whose object is missing is an error, the next one is read."""
    data = pdf(BOX, BOX, BOX).replace(b"11 0 obj", b"77 0 obj")
    for number in (1, 3):
        assert (read(data, page=number, pages=3).pixels == 255).all()
    with pytest.raises(PageError, match="page 2 of the PDF is damaged"):
        read(data, page=2, pages=3)


def test_cut_pdf_is_never_half_read(read: Read) -> None:
    """Pdfium would put together the rest of a PDF: here its end must be there."""
    data = scanned("72 0 0 144 0 0")
    for cut in (20, len(data) // 2, len(data) - 10):
        with pytest.raises(PageError, match="the PDF is cut off"):
            read(data[:cut])
    with pytest.raises(PageError, match="the PDF is damaged, or holds no page"):
        read(b"%PDF-1.7\n%%EOF")


def test_cut_jpeg_inside_is_never_half_read(read: Read) -> None:
    """A whole PDF with half a JPEG in it is an error."""
    jpeg = encode(SCAN, "JPEG")
    entries = "/Subtype /Image /Width 100 /Height 200 /ColorSpace /DeviceGray /BitsPerComponent 8"
    entries += " /Filter /DCTDecode"
    text, content = scan_page("72 0 0 144 0 0")
    whole, half = (stream(part, entries) for part in (jpeg, jpeg[: len(jpeg) // 2]))
    assert read(pdf(text, objects=(whole, content, FONT))).pixels.shape == SCAN.shape
    with pytest.raises(PageError, match="the JPEG is cut off"):
        read(pdf(text, objects=(half, content, FONT)))


def in_filter(data: bytes, name: str, more: str = "", bits: int = 8) -> bytes:
    """A PDF of one page with a picture of `SCAN`'s size, grey or of one bit, as a filter has it."""
    height, width = SCAN.shape
    entries = f"/Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray"
    entries += f" /BitsPerComponent {bits} /Filter /{name} {more}"
    text, content = scan_page("72 0 0 144 0 0")
    return pdf(text, objects=(stream(data, entries), content, FONT))


def test_cut_scan_inside_is_never_half_read(read: Read) -> None:
    """A whole PDF with half a scan in it is an error, however the scan is packed."""
    black = SCAN < 128
    flate = zlib.compress(SCAN.tobytes())
    fax = encode(Pillow.fromarray(~black), "TIFF", compression="group4", tiffinfo={278: 200})
    with Pillow.open(io.BytesIO(fax)) as tiff:
        at, size = (tiff.tag_v2[tag][0] for tag in (273, 279))  # type: ignore[attr-defined]
        levels = tiff.tag_v2[262]  # type: ignore[attr-defined]
    data = fax[at : at + size]
    parms = f"/DecodeParms <</K -1 /Columns 100 /Rows 200 /BlackIs1 {str(levels == 1).lower()}>>"
    np.testing.assert_array_equal(read(in_filter(flate, "FlateDecode")).pixels, SCAN)
    whole = read(in_filter(data, "CCITTFaxDecode", parms, bits=1)).pixels
    np.testing.assert_array_equal(whole < 128, black)
    for part in (0.3, 0.6, 0.9):
        with pytest.raises(PageError, match="cut off"):
            read(in_filter(flate[: int(len(flate) * part)], "FlateDecode"))
        with pytest.raises(PageError, match="cut off"):
            read(in_filter(data[: int(len(data) * part)], "CCITTFaxDecode", parms, bits=1))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_jpeg_inside_repaired_with_an_end_mark_is_never_half_read(read: Read, part: float) -> None:
    """Half a JPEG that ends properly is told from a whole one, in a PDF too."""
    jpeg = encode(SCAN, "JPEG")
    with pytest.raises(PageError, match="the JPEG is cut off"):
        read(in_filter(jpeg[: int(len(jpeg) * part)] + b"\xff\xd9", "DCTDecode"))


@pytest.mark.parametrize("end", [b"", b"%%EO", b"%%EOF", b"%%EOF\n" + bytes(9000)])
def test_pdf_that_has_its_table_is_whole(read: Read, end: bytes) -> None:
    """An end mark that is missing, or blanks behind it, harm nothing; half a number does."""
    data = scanned("72 0 0 144 0 0")
    at = data.index(b"%%EOF")
    np.testing.assert_array_equal(read(data[:at] + end).pixels, SCAN)
    with pytest.raises(PageError, match="the PDF is cut off"):
        read(data[: at - 2] + bytes(3))


def test_crop_box_beside_the_page_is_ignored(read: Read) -> None:
    """As viewers: the page is shown whole."""
    page = f"{BOX} /CropBox [300 300 310 310]"
    np.testing.assert_array_equal(read(scanned("72 0 0 144 0 0", page)).pixels, SCAN)


def test_encryption_that_is_not_read_says_so(read: Read) -> None:
    """A way to encrypt that pdfium does not know is named as that, not as damage."""
    text, content = scan_page("72 0 0 144 0 0")
    trailer = "/Encrypt <</Filter /Unknown /V 1>> /ID [<01> <01>]"
    data = pdf(text, objects=(image(SCAN), content, FONT), trailer=trailer)
    with pytest.raises(PageError, match="encrypted in a way that is not read"):
        read(data)


def test_scan_that_cannot_be_decoded_is_no_empty_page(read: Read) -> None:
    """Pdfium leaves out an image it cannot decode: the page is an error, not blank."""
    entries = "/Subtype /Image /Width 100 /Height 200 /ColorSpace /DeviceGray /BitsPerComponent 8"
    broken = stream(b"no JPEG 2000", entries + " /Filter /JPXDecode")
    text, content = scan_page("72 0 0 144 0 0")
    with pytest.raises(PageError, match="damaged"):
        read(pdf(text, objects=(broken, content, FONT)))


def test_size_is_checked_before_rendering(read: Read) -> None:
    """A page of a square kilometre is refused, and the message names the option."""
    with pytest.raises(PageError, match=r"60000 x 60000 .* set input.pdf_dpi lower"):
        read(pdf("/MediaBox [0 0 14400 14400]"))
    with pytest.raises(PageError, match="scan at a lower resolution"):
        read(scanned("72 0 0 144 0 0"), max_pixels=SCAN.size - 1)
    read(scanned("72 0 0 144 0 0"), max_pixels=SCAN.size)


def test_pdf_that_lies_about_its_pages_ends(read: Read) -> None:
    """A page count of a million in a PDF of one page is found out at once."""
    data = pdf(BOX).replace(b"/Count 1 ", b"/Count 999999 ")
    start = time.perf_counter()
    with pytest.raises(PageError, match="damaged"):
        read(data)
    assert time.perf_counter() - start < 2


def test_pages_can_be_read_in_any_order_and_again(tmp_path: Path) -> None:
    """Nothing of a page that was read or failed stays behind."""
    path = tmp_path / "-\N{SNOWMAN} a.pdf"
    path.write_bytes(pdf(BOX, BOX, f"{BOX} /Rotate 90"))
    with open_source(SourceFile(path, "a.pdf"), InputOptions(pdf_dpi=72)) as reader:
        for _ in range(3):
            assert reader.read(3).pixels.shape == (72, 144)
            with pytest.raises(PageError, match="there is no page 4"):
                reader.read(4)
            assert reader.read(1).pixels.shape == (144, 72)


def test_colour_scan_stays_colour(read: Read) -> None:
    """A colour scan keeps R, G and B in their order."""
    text, content = scan_page("83 0 0 61 0 0", "/MediaBox [0 0 83 61]")
    np.testing.assert_array_equal(
        read(pdf(text, objects=(image(coloured()), content, FONT))).pixels, coloured()
    )
