"""What happens to pictures that are damaged, cut off, too large or none at all."""

import struct
import subprocess
import sys
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Image
from tests.made_pictures import PNG, Read, chunk, coloured, drawing, encode, read_page


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a page of a file with the given content."""
    return partial(read_page, tmp_path)


def test_there_is_no_other_page(read: Read) -> None:
    """A picture has page 1 only."""
    for page in (0, 2):
        with pytest.raises(PageError, match=f"there is no page {page}: the file has 1"):
            read(encode(drawing(), "PNG"), page=page)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"the file is empty \(0 bytes\): copy it again"),
        (
            b"Hello, this is a text.\n",
            "holds text, not a picture or PDF that is read: give PNG",
        ),
        (b"PK\x03\x04" + bytes(30), "a ZIP archive or an office document"),
        (bytes(500), "the file holds zeros"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (b"\xff\x0a" + bytes(30), "the file is a JPEG XL, which is not read: save it as PNG"),
        (b"AT&TFORM" + bytes(30), "the file is a DjVu document, which is not read"),
        (b"\x01\x02\x03\x04" * 9, "the file holds something else"),
    ],
)
def test_what_is_no_picture_says_what_it_is(read: Read, data: bytes, message: str) -> None:
    """An empty file, a text or another format named .png is an error that says so."""
    with pytest.raises(PageError, match=message):
        read(data)


def test_vanished_file_is_an_error(tmp_path: Path) -> None:
    """A file that went away since it was listed is a PageError."""
    with pytest.raises(PageError, match=r"the file is gone: .* Put it back"):
        open_source(SourceFile(tmp_path / "a.png", "a.png"), InputOptions())


def test_size_is_checked_before_decoding(read: Read) -> None:
    """The header of a PNG of 60,000 x 60,000 is enough to refuse it."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = PNG + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    with pytest.raises(PageError, match=r"60000 x 60000 = 3,600,000,000 pixels.*lower resolution"):
        read(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "GIF", "JPEG2000", "AVIF", "PPM"])
def test_limit_holds_for_every_format(read: Read, kind: str) -> None:
    """A page of exactly max_pixels is read, one with more is not, and Pillow's limit stays."""
    before = Pillow.MAX_IMAGE_PIXELS
    data = encode(drawing(), kind)
    read(data, max_pixels=61 * 83)
    with pytest.raises(PageError, match="pixels"):
        read(data, max_pixels=61 * 83 - 2)
    assert before == Pillow.MAX_IMAGE_PIXELS


FILES = {
    "png": encode(drawing(), "PNG"),
    "png colour": encode(coloured(), "PNG"),
    "png palette": encode(Pillow.fromarray(coloured()).quantize(9), "PNG"),
    "png 1 bit": encode(Pillow.fromarray(drawing() > 99), "PNG"),
    "png 16 bit": encode(Pillow.fromarray(drawing().astype(np.uint16) * 257), "PNG"),
    "png clear grey": encode(drawing(), "PNG", transparency=1),
    "jpeg": encode(drawing(), "JPEG"),
    "jpeg colour": encode(coloured(), "JPEG"),
    "jpeg progressive": encode(coloured(), "JPEG", progressive=True),
    "jpeg cmyk": encode(Pillow.fromarray(coloured()).convert("CMYK"), "JPEG"),
    "bmp": encode(coloured()[:, :80], "BMP"),  # rows that need no filling up at their end
    "webp": encode(coloured(), "WEBP"),
    "webp lossless": encode(coloured(), "WEBP", lossless=True),
    "gif": encode(drawing(), "GIF"),
    "jpeg 2000": encode(coloured(), "JPEG2000"),
    "jpeg 2000 bare": encode(drawing(), "JPEG2000", no_jp2=True, irreversible=True),
    "avif": encode(coloured(), "AVIF"),
    "pgm": encode(drawing(), "PPM"),
}


@pytest.mark.parametrize("kind", FILES)
def test_cut_file_is_never_half_read(read: Read, kind: str) -> None:
    """Wherever a file ends too early, it is an error."""
    data = FILES[kind]
    read(data)
    cuts = {*np.linspace(26, len(data) - 1, 40).astype(int), *range(len(data) - 20, len(data))}
    if kind == "gif":  # its last two bytes say that no more comes: every row is there
        cuts -= {len(data) - 1, len(data) - 2}
    for cut in sorted(map(int, cuts)):
        with pytest.raises(PageError, match="copy it again"):
            read(data[:cut])


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in ("bmp", "pgm")])
def test_file_whose_rest_is_zeros_is_never_half_read(read: Read, kind: str) -> None:
    """A copy that was broken off often has its full length, and zeros in it."""
    data = FILES[kind]
    for part in (0.4, 0.6, 0.8, 0.95):
        cut = int(len(data) * part)
        with pytest.raises(PageError, match="copy it again"):
            read(data[:cut] + bytes(len(data) - cut))


@pytest.mark.parametrize("page", [drawing(640, 480), np.dstack([drawing(641, 483)] * 3)])
@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"restart_marker_rows": 2}])
def test_jpeg_repaired_with_an_end_mark_is_never_half_read(
    read: Read, page: Image, options: dict[str, object]
) -> None:
    """Half a JPEG that ends properly is told from a whole one."""
    data = encode(page, "JPEG", **options)
    for part in (0.3, 0.5, 0.7, 0.9):
        with pytest.raises(PageError, match="the JPEG is cut off"):
            read(data[: int(len(data) * part)] + b"\xff\xd9")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
def test_mid_grey_jpeg_is_whole(read: Read, options: dict[str, object]) -> None:
    """A page as grey as what libjpeg paints for missing data is read all the same."""
    page = drawing(64, 64)
    page[32:] = 128
    assert (read(encode(page, "JPEG", quality=100, **options)).pixels[48:] == 128).all()


def test_jpeg_with_something_behind_it_is_whole(read: Read) -> None:
    """What cameras append, and previews with an end mark of their own, do not matter."""
    whole = encode(drawing(), "JPEG")
    exif = Pillow.Exif()
    exif[0x010E] = encode(drawing(8, 8), "JPEG").decode("latin-1")
    read(whole + bytes(1000))
    read(encode(drawing(), "JPEG", exif=exif))
    at = 2  # the preview holds an end mark; the file ends before its own
    preview = b"\xff\xe1" + struct.pack(">H", 2 + len(whole)) + whole
    with pytest.raises(PageError, match="the JPEG is cut off"):
        read(whole[:at] + preview + whole[at : len(whole) // 2])


def test_wrong_checksum_is_an_error(read: Read) -> None:
    """A PNG whose pixels do not fit their checksum is refused."""
    data = bytearray(FILES["png"])
    data[data.index(b"IDAT") + 40] ^= 4
    with pytest.raises(PageError, match="the file is damaged"):
        read(bytes(data))


def test_png_without_pixels_is_an_error(read: Read) -> None:
    """A PNG that has no pixels, or too few rows in it, is refused although it ends properly."""
    data = FILES["png"]
    at = data.index(b"IDAT") - 4
    rows = zlib.compress(bytes(84 * 30))
    for pixels in (b"", chunk(b"IDAT", rows)):
        with pytest.raises(PageError, match="the file is damaged"):
            read(data[:at] + pixels + chunk(b"IEND", b""))


def test_opening_decodes_nothing(tmp_path: Path) -> None:
    """A page too large for memory can be opened and counted."""
    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(PNG + chunk(b"IHDR", header) + chunk(b"IDAT", b"x"))
    with open_source(SourceFile(path, "a.png"), InputOptions()) as reader:
        assert reader.page_count == 1


def test_only_what_is_met_is_loaded() -> None:
    """Neither torch nor pdfium is loaded before something needs it."""
    code = "import sys, digitbatch.inputs; print({'torch', 'pypdfium2', 'PIL'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
