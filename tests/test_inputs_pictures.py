"""How files that are one picture become pages."""

import io
import sys
import zlib
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational

from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions
from digitbatch.types import Image
from tests.made_pictures import Read, chunk, coloured, drawing, encode, read_page


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a page of a file with the given content."""
    return partial(read_page, tmp_path)


def test_options_refuse_what_is_out_of_range() -> None:
    """Each option has a range, and describes itself to editors."""
    for wrong in ({"max_pixels": 0}, {"pdf_dpi": 10}, {"pdf_dpl": 300}):
        with pytest.raises(ValueError, match="validation error"):
            InputOptions.model_validate(wrong)
    for option in InputOptions.model_json_schema()["properties"].values():
        assert option["description"]
        assert option["default"]


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True})]
)
@pytest.mark.parametrize("page", [drawing(), coloured()], ids=["grey", "colour"])
def test_lossless_formats_keep_every_pixel(
    read: Read, kind: str, options: dict[str, object], page: Image
) -> None:
    """What went in comes out, R, G, B or grey, whatever the ending says."""
    found = read(encode(page, kind, **options))
    assert found.ref.file == "in/p.png"
    if kind == "WEBP" and page.ndim == 2:  # WebP has no grey
        page = np.dstack([page] * 3)
    np.testing.assert_array_equal(found.pixels, page)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1}]
)
@pytest.mark.parametrize(
    "page", [drawing(), coloured(), drawing(64, 80)], ids=["grey", "colour", "blocks"]
)
def test_jpeg_is_what_pillow_reads(read: Read, options: dict[str, object], page: Image) -> None:
    """The faster decoder gives the same picture as Pillow."""
    data = encode(page, "JPEG", quality=90, **options)
    expected = np.asarray(Pillow.open(io.BytesIO(data)))
    found = read(data).pixels
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_page(read: Read, kind: str, orientation: int) -> None:
    """A picture taken sideways comes out as viewers show it."""
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    data = encode(coloured(), kind, exif=exif, **options)
    picture = Pillow.open(io.BytesIO(data))
    turns = {
        2: [Pillow.Transpose.FLIP_LEFT_RIGHT],
        3: [Pillow.Transpose.ROTATE_180],
        4: [Pillow.Transpose.FLIP_TOP_BOTTOM],
        5: [Pillow.Transpose.TRANSPOSE],
        6: [Pillow.Transpose.ROTATE_270],
        7: [Pillow.Transpose.TRANSVERSE],
        8: [Pillow.Transpose.ROTATE_90],
    }
    for turn in turns.get(orientation, []):
        picture = picture.transpose(turn)  # type: ignore[assignment]
    found = read(data).pixels
    assert found.shape == np.asarray(picture).shape
    assert np.abs(found.astype(int) - np.asarray(picture)).max() <= 2


def test_exif_behind_the_pixels_of_a_png_counts(read: Read) -> None:
    """A PNG may carry its EXIF block after the pixels."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    plain = encode(drawing(), "PNG")
    data = plain[:-12] + chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + plain[-12:]
    np.testing.assert_array_equal(read(data).pixels, np.rot90(drawing(), 3))


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0junk"])
def test_damaged_exif_harms_nothing(read: Read, exif: bytes) -> None:
    """A page whose EXIF block is broken is read as it lies."""
    np.testing.assert_array_equal(read(encode(drawing(), "PNG", exif=exif)).pixels, drawing())


def with_alpha(mode: str, kind: str) -> tuple[Pillow.Image, Image]:
    """A picture with a clear and a half-clear part, and what is seen of it on white."""
    grey = drawing().astype(np.int64)
    alpha = np.full(grey.shape, 255, np.int64)
    alpha[:20], alpha[20:40] = 0, 128
    seen = (grey * alpha + 255 * (255 - alpha) + 127) // 255
    stored = np.where(alpha == 0, 0, grey).astype(np.uint8)  # as programs do
    planes = [stored] if mode == "LA" else [stored] * 3
    picture = Pillow.fromarray(np.dstack([*planes, alpha.astype(np.uint8)]), mode)
    if mode == "RGBA" or kind == "WEBP":
        seen = np.dstack([seen] * 3)
    return picture, seen.astype(np.uint8)


@pytest.mark.parametrize(("mode", "kind"), [("LA", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP")])
def test_alpha_lies_on_white(read: Read, mode: str, kind: str) -> None:
    """Clear parts are paper, half-clear parts half as dark; grey stays grey."""
    picture, seen = with_alpha(mode, kind)
    options: dict[str, object] = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(read(encode(picture, kind, **options)).pixels, seen)


def test_one_clear_level_is_paper(read: Read) -> None:
    """The transparent grey, colour or palette entry of a PNG is white."""
    page = drawing()
    page[:10] = 7
    seen = page.copy()
    seen[page == 7] = 255
    np.testing.assert_array_equal(read(encode(page, "PNG", transparency=7)).pixels, seen)
    rgb = np.dstack([page] * 3)
    found = read(encode(rgb, "PNG", transparency=(7, 7, 7))).pixels
    np.testing.assert_array_equal(found, np.dstack([seen] * 3))
    palette = Pillow.fromarray(page, "P")
    palette.putpalette([level for index in range(256) for level in (index, index, index)])
    found = read(encode(palette, "PNG", transparency=7)).pixels
    np.testing.assert_array_equal(found, np.dstack([seen] * 3))
    wide = Pillow.fromarray(page.astype(np.uint16) * 257)
    np.testing.assert_array_equal(read(encode(wide, "PNG", transparency=7 * 257)).pixels, seen)
    bits = Pillow.fromarray(page > 100)
    assert (read(encode(bits, "PNG", transparency=0)).pixels == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_one_bit_pages_are_black_and_white(read: Read, kind: str) -> None:
    """1-bit pages come out as 0 and 255."""
    black = drawing() > 128
    np.testing.assert_array_equal(
        read(encode(Pillow.fromarray(black), kind)).pixels, black * np.uint8(255)
    )


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_palette_pages_come_out_in_their_colours(read: Read, kind: str) -> None:
    """What is stored as a number of a colour is that colour."""
    palette = Pillow.fromarray(coloured()).quantize(200)
    np.testing.assert_array_equal(
        read(encode(palette, kind)).pixels, np.asarray(palette.convert("RGB"))
    )


@pytest.mark.parametrize("white", [65535, 4095, 1023, 255])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_pages_use_their_range(read: Read, white: int, channels: int) -> None:
    """16 bits become 8; samples of 12, 10 or 8 bits in 16 are not left black on black."""
    page = drawing() if channels == 1 else coloured()
    page[0, 0] = 255
    samples = np.rint(page / 255 * white).astype(np.uint16)
    if channels == 4:
        samples = np.dstack([samples, np.full(page.shape[:2], 65535, np.uint16)])
    if channels > 1:
        samples = samples[:, :, [2, 1, 0, 3][:channels]]
    found = read(cv2.imencode(".png", samples)[1].tobytes()).pixels
    assert found.shape == page.shape
    np.testing.assert_array_equal(found, page)


def test_dark_16_bit_page_stays_dark(read: Read) -> None:
    """A page that a person sees as dark is not made lighter."""
    page = np.minimum(drawing(), 70).astype(np.uint16) * 257
    assert read(cv2.imencode(".png", page)[1].tobytes()).pixels.max() == 70


def test_cmyk_jpeg_has_its_colours(read: Read) -> None:
    """Adobe stores CMYK inverted and marks it; without the mark it is not inverted."""
    page = Pillow.fromarray(coloured()).convert("CMYK")
    expected = np.asarray(page.convert("RGB")).astype(int)
    data = encode(page, "JPEG", quality=95)
    assert b"Adobe" in data
    assert np.abs(read(data).pixels - expected).mean() < 4
    inverted = Pillow.fromarray(255 - np.asarray(page), "CMYK")
    data = encode(inverted, "JPEG", quality=95)
    at = data.index(b"\xff\xee")  # the marker segment that names Adobe
    data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert b"Adobe" not in data
    assert np.abs(read(data).pixels - expected).mean() < 4


def test_clear_bmp_is_opaque(read: Read) -> None:
    """The fourth channel of a BMP, often all 0, does not wipe the page."""
    rgba = np.dstack([coloured(), np.zeros(drawing().shape, np.uint8)])
    data = bytearray(encode(Pillow.fromarray(rgba), "BMP"))
    np.testing.assert_array_equal(read(bytes(data)).pixels, coloured())


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animation_is_its_first_frame(read: Read, kind: str) -> None:
    """An animated picture is one page: the first."""
    pages = [Pillow.fromarray(coloured()), Pillow.fromarray(255 - coloured())]
    data = encode(pages[0], kind, save_all=True, append_images=pages[1:], lossless=True, duration=9)
    np.testing.assert_array_equal(read(data).pixels, coloured())


def test_resolution_is_told_where_the_file_knows_it(read: Read) -> None:
    """Dpi comes from the file; none, nonsense and two different ones are None."""
    assert read(encode(drawing(), "JPEG", dpi=(300, 300))).dpi == 300
    assert read(encode(drawing(), "PNG", dpi=(200, 200))).dpi == pytest.approx(200, abs=0.1)
    assert read(encode(drawing(), "PNG")).dpi is None
    assert read(encode(drawing(), "JPEG", dpi=(1, 1))).dpi is None
    assert read(encode(drawing(), "JPEG", dpi=(204, 98))).dpi is None


@pytest.mark.parametrize(
    ("told", "dpi"), [((300, 1), 300), ((72, 1), 72), ((1, 0), 72), ((0, 0), 72)]
)
def test_resolution_in_exif_counts(read: Read, told: tuple[int, int], dpi: float) -> None:
    """Phones write the resolution as a fraction; 72, as they mean it, where that is nonsense."""
    exif = Pillow.Exif()
    exif[282] = exif[283] = IFDRational(*told)
    exif[296] = 2
    data = encode(drawing(), "JPEG", exif=exif)
    at = data.index(b"JFIF") - 4  # a phone's file has no such segment
    data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert read(data).dpi == dpi


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("GIF", {}),
        ("GIF", {"interlace": 1}),
        ("JPEG2000", {}),
        ("JPEG2000", {"no_jp2": True}),
        ("PPM", {}),
    ],
)
def test_other_lossless_formats_keep_every_pixel(
    read: Read, kind: str, options: dict[str, object]
) -> None:
    """GIF, JPEG 2000 and PNM come out as they went in; the palette of a GIF may hold colours."""
    page = np.dstack([drawing()] * 3) if kind == "GIF" else drawing()
    np.testing.assert_array_equal(read(encode(drawing(), kind, **options)).pixels, page)


def test_transparent_gif_is_paper(read: Read) -> None:
    """What is transparent in a GIF is white."""
    page = Pillow.fromarray(drawing()).quantize(8)
    paper = int(np.bincount(np.asarray(page).ravel()).argmax())
    pixels = read(encode(page, "GIF", transparency=paper)).pixels
    assert (pixels[np.asarray(page) == paper] == 255).all()


@pytest.mark.parametrize("samples", [8, 16])
def test_deep_pnm(read: Read, samples: int) -> None:
    """16 bits become 8."""
    page = drawing().astype(np.uint16) * (257 if samples == 16 else 1)
    top = b"65535" if samples == 16 else b"255"
    raw = page.astype(">u2" if samples == 16 else "u1").tobytes()
    found = read(b"P5\n# drawn\n83 61\n" + top + b"\n" + raw).pixels
    np.testing.assert_array_equal(found, drawing())


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("page", [coloured(), drawing(64, 80)], ids=["colour", "grey"])
def test_pictures_of_phones(read: Read, kind: str, page: Image) -> None:
    """AVIF and HEIC are read, upright."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    plain = read(encode(page, kind, quality=90)).pixels
    colour = page if page.ndim == 3 else np.dstack([page] * 3)
    seen = plain if plain.ndim == 3 else np.dstack([plain] * 3)
    assert np.abs(seen.astype(int) - colour).mean() < 6
    turned = read(encode(page, kind, quality=90, exif=exif.tobytes())).pixels
    assert np.abs(turned.astype(int) - np.rot90(plain, 3)).mean() < 1


@pytest.mark.parametrize("part", [0.4, 0.7, 0.95])
def test_heic_whose_rest_is_zeros_is_never_half_read(read: Read, part: float) -> None:
    """A HEIC that a copy broke off is refused, though its decoder paints something."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    data = encode(np.dstack([drawing(300, 400)] * 3), "HEIF", quality=80)
    cut = int(len(data) * part)
    with pytest.raises(PageError, match="copy it again"):
        read(data[:cut] + bytes(len(data) - cut))
    with pytest.raises(PageError, match="copy it again"):
        read(data[:cut])
    read(data + bytes(500))


def test_heic_without_a_decoder_names_it(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pillow-heif is not installed, the row holds the command that installs it."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PageError, match=r"pip install pillow-heif, .*as JPEG"):
        read(b"\0\0\0\x18ftypheic" + bytes(50))


def with_segment(data: bytes, segment: bytes) -> bytes:
    """A JPEG with bytes put behind its first segment."""
    at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + segment + data[at:]


@pytest.mark.parametrize(
    "segment",
    [
        bytes(5),  # junk that belongs to nothing
        b"\xff" * 7,
        b"\xff\xe0\x00\x07JFIF\0",  # a header that ends in the middle
        b"\xff\xe0\x00\x02",
        b"\xff\xed\x00\x1cPhotoshop 3.0\x008BIM\x04\x04\0\0\0\0\xff\0",
        b"\xff\xe1\x00\x0cExif\0\0MMMM",
    ],
)
def test_jpeg_with_an_odd_header_is_read(read: Read, segment: bytes) -> None:
    """What stands between the segments of a JPEG, or is wrong in programs' own, harms nothing."""
    data = encode(drawing(), "JPEG")
    np.testing.assert_array_equal(read(with_segment(data, segment)).pixels, read(data).pixels)


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"tEXt", b"k\0" + b"a" * 5_000_000),
        chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(5_000_000))),
    ],
    ids=["zTXt", "tEXt", "iTXt"],
)
def test_png_with_a_large_text_is_read(read: Read, text: bytes) -> None:
    """A text that unpacks to megabytes harms no pixel."""
    data = encode(drawing(), "PNG", dpi=(300, 300))
    found = read(data[:33] + text + data[33:])
    np.testing.assert_array_equal(found.pixels, drawing())
    assert found.dpi == pytest.approx(300, abs=1)
