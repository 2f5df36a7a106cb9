"""TIFF: every frame is a page, in all the ways scanners store one; and what damage does."""

import io
import os
import struct
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from digitbatch.errors import PageError
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.types import Image
from tests.made_pictures import Read, coloured, drawing, encode, read_page

Tags = dict[int, int]
BLACK = drawing(480, 350) > 128
BILEVEL = [None, "group3", "group4", "packbits", "tiff_lzw", "tiff_deflate"]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a page of a TIFF with the given content."""
    return partial(read_page, tmp_path, name="p.tif")


def bilevel(**options: object) -> bytes:
    """A black and white TIFF."""
    return encode(Pillow.fromarray(BLACK), "TIFF", **options)


def frames(*pages: Image, **options: object) -> bytes:
    """A TIFF of several frames."""
    first, *rest = map(Pillow.fromarray, pages)
    return encode(first, "TIFF", save_all=True, append_images=rest, **options)


def tiff(*directories: Tags, data: bytes = b"", big: bool = False) -> bytes:
    """A little-endian TIFF made by hand: `data` at 16, then one directory behind the other."""
    count, entry, pointer = ("<Q", "<HHQQ", "<Q") if big else ("<H", "<HHLL", "<L")
    at = 16 + len(data) + len(data) % 2
    header = ("<2sHHHQ", b"II", 43, 8, 0, at) if big else ("<2sHLQ", b"II", 42, at, 0)
    out = bytearray(struct.pack(*header) + data + bytes(len(data) % 2))
    for number, tags in enumerate(directories, 1):
        out += struct.pack(count, len(tags))
        for tag, value in sorted(tags.items()):
            out += struct.pack(entry, tag, 4, 1, value)
        behind = len(out) + struct.calcsize(pointer)
        out += struct.pack(pointer, 0 if number == len(directories) else behind)
    return bytes(out)


def grey_tags(page: Image, offset: int = 16) -> Tags:
    """The tags of an uncompressed grey frame."""
    height, width = page.shape
    return {
        256: width,
        257: height,
        258: 8,
        259: 1,
        262: 1,
        273: offset,
        277: 1,
        278: height,
        279: page.size,
    }


def fax_strip(compression: str) -> bytes:
    """The bytes of `BLACK` in one fax strip."""
    data = bilevel(compression=compression, tiffinfo=strip_rows(480))
    with Pillow.open(io.BytesIO(data)) as picture:
        tags = picture.tag_v2  # type: ignore[attr-defined]
        (offset,), (length,) = tags[273], tags[279]
    return data[offset : offset + length]


def fax_tiff(strip: bytes, compression: int, **more: int) -> bytes:
    """A fax frame with 0 as white around a strip."""
    tags: Tags = {
        256: 350, 257: 480, 258: 1, 259: compression, 262: 0, 273: 16, 278: 480, 279: len(strip)
    }  # fmt: skip
    return tiff(tags | {int(tag[1:]): value for tag, value in more.items()}, data=strip)


def strip_rows(rows: int) -> ImageFileDirectory_v2:
    """Tags that ask Pillow for strips of so many rows."""
    tags = ImageFileDirectory_v2()
    tags[278] = rows
    return tags


@pytest.mark.parametrize(
    "compression", [None, "group3", "group4", "packbits", "tiff_lzw", "tiff_deflate"]
)
def test_black_and_white_pages(read: Read, compression: str | None) -> None:
    """1-bit frames come out as 0 and 255, whatever the compression."""
    found = read(bilevel(compression=compression, dpi=(200, 200)))
    np.testing.assert_array_equal(found.pixels, np.where(BLACK, 255, 0))
    assert found.dpi == 200


@pytest.mark.parametrize("compression", [None, "packbits", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("page", [drawing(), coloured()], ids=["grey", "colour"])
@pytest.mark.parametrize("big", [False, True])
def test_lossless_pages_keep_every_pixel(
    read: Read, compression: str | None, page: Image, big: bool
) -> None:
    """Grey and colour frames come out as they went in, also from a BigTIFF."""
    data = encode(page, "TIFF", compression=compression, big_tiff=big, tiffinfo=strip_rows(7))
    np.testing.assert_array_equal(read(data).pixels, page)


@pytest.mark.parametrize("page", [drawing(160, 200), np.dstack([drawing(160, 200)] * 3)])
def test_jpeg_inside(read: Read, page: Image) -> None:
    """A TIFF may hold JPEG."""
    found = read(encode(page, "TIFF", compression="jpeg", quality=95)).pixels
    assert np.abs(found.astype(int) - page).mean() < 3


def test_white_may_be_zero(read: Read) -> None:
    """Frames whose 0 is white are not shown inverted."""
    page = drawing()
    data = tiff(grey_tags(page) | {262: 0}, data=(255 - page).tobytes())
    np.testing.assert_array_equal(read(data).pixels, page)
    found = read(fax_tiff(fax_strip("group4"), 4))
    np.testing.assert_array_equal(found.pixels, np.where(BLACK, 0, 255))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_orientation_turns_the_page(read: Read, orientation: int, compression: str | None) -> None:
    """A frame scanned sideways comes out as viewers show it."""
    info = ImageFileDirectory_v2()
    info[274] = orientation
    page = drawing()
    turned = {
        2: page[:, ::-1], 3: page[::-1, ::-1], 4: page[::-1], 5: page.T,
        6: np.rot90(page, 3), 7: page[::-1, ::-1].T, 8: np.rot90(page),
    }  # fmt: skip
    found = read(encode(page, "TIFF", tiffinfo=info, compression=compression)).pixels
    np.testing.assert_array_equal(found, turned.get(orientation, page))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("white", [65535, 4095])
def test_16_bit_pages(read: Read, order: str, white: int) -> None:
    """16-bit grey becomes 8-bit; 12 bits in 16 are not left black on black."""
    page = drawing()
    page[0, 0] = 255
    samples = np.rint(page / 255 * white).astype(order + "u2")
    picture = Pillow.frombytes(
        "I;16" if order == "<" else "I;16B", samples.shape[::-1], samples.tobytes()
    )
    np.testing.assert_array_equal(read(encode(picture, "TIFF")).pixels, page)


def test_colours_come_out_as_seen(read: Read) -> None:
    """Alpha on white, palette and CMYK in their colours."""
    page = coloured()
    alpha = np.full(page.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    seen = page.copy()
    seen[:20] = 255
    np.testing.assert_array_equal(read(encode(np.dstack([page, alpha]), "TIFF")).pixels, seen)
    palette = Pillow.fromarray(page).quantize(99)
    np.testing.assert_array_equal(
        read(encode(palette, "TIFF")).pixels, np.asarray(palette.convert("RGB"))
    )
    cmyk = Pillow.fromarray(page).convert("CMYK")
    np.testing.assert_array_equal(read(encode(cmyk, "TIFF")).pixels, page)


def test_32_bit_samples_are_refused(read: Read) -> None:
    """Nobody can say what is white in samples of 32 bits: the message says what to save instead."""
    with pytest.raises(PageError, match=r"32-bit samples are not read.*8-bit"):
        read(encode(Pillow.fromarray(drawing().astype(np.float32)), "TIFF"))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_every_frame_is_a_page(read: Read, big: bool, compression: str | None) -> None:
    """Frames come in their order, each with its own size and colours."""
    pages = [drawing(), coloured(), drawing(30, 40), drawing()[::-1]]
    data = frames(*pages, big_tiff=big, compression=compression)
    for number in (4, 2, 1, 3):
        found = read(data, page=number, pages=4)
        np.testing.assert_array_equal(found.pixels, pages[number - 1])


def test_smaller_copies_and_masks_are_no_pages(read: Read) -> None:
    """A thumbnail of a page is not read as another page, unless there is nothing else."""
    page = drawing()
    small = grey_tags(page) | {254: 1}
    mask = grey_tags(page) | {254: 4}
    part = grey_tags(page) | {254: 2}
    data = tiff(small, part, mask, grey_tags(page), data=page.tobytes())
    np.testing.assert_array_equal(read(data, page=2, pages=2).pixels, page)
    np.testing.assert_array_equal(read(tiff(small, data=page.tobytes())).pixels, page)


# Damage


def test_frame_with_broken_pixels_harms_no_other(read: Read) -> None:
    """Page 2 is an error, pages 1 and 3 are read."""
    pages = [drawing(), drawing()[::-1], drawing()[:, ::-1]]
    data = bytearray(frames(*pages, compression="tiff_lzw"))
    with Pillow.open(io.BytesIO(bytes(data))) as picture:
        picture.seek(1)
        at = picture.tag_v2[273][0]  # type: ignore[attr-defined]
    data[at + 100 : at + 200] = bytes(100)
    for number in (1, 3):
        np.testing.assert_array_equal(read(bytes(data), number, pages=3).pixels, pages[number - 1])
    with pytest.raises(PageError, match="the file is damaged"):
        read(bytes(data), page=2, pages=3)


@pytest.mark.parametrize("where", [2**31, 3, 16])
@pytest.mark.parametrize("big", [False, True])
def test_chain_that_breaks_is_one_more_page(read: Read, where: int, big: bool) -> None:
    """Frames before the break are read; the page behind them is an error."""
    page = drawing()
    data = tiff(grey_tags(page), data=page.tobytes(), big=big)
    data = data[: -8 if big else -4] + struct.pack("<Q" if big else "<L", where)
    np.testing.assert_array_equal(read(data, pages=2).pixels, page)
    with pytest.raises(PageError, match="chain of frames breaks after frame 1"):
        read(data, page=2, pages=2)


def test_frames_in_a_circle_end(read: Read) -> None:
    """A chain that leads back gives its frames once, and an error."""
    page = drawing()
    data = tiff(grey_tags(page), grey_tags(page), data=page.tobytes())
    (first,) = struct.unpack_from("<L", data, 4)
    data = data[:-4] + struct.pack("<L", first)
    np.testing.assert_array_equal(read(data, page=2, pages=3).pixels, page)
    with pytest.raises(PageError, match="runs in a circle"):
        read(data, page=3, pages=3)


def test_endless_frames_end(tmp_path: Path) -> None:
    """70,000 frames are counted up to the limit in about a second; far ones are found at once."""
    page = drawing(4, 4)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(*[grey_tags(page)] * 70_000, data=page.tobytes()))
    start = time.perf_counter()
    with open_source(SourceFile(path, "a.tif"), InputOptions()) as reader:
        assert reader.page_count == 65_536
        np.testing.assert_array_equal(reader.read(65_535).pixels, page)
        with pytest.raises(PageError, match="more than 65535 frames: split it"):
            reader.read(65_536)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "data", [b"II*\0", b"II*\0" + bytes(8), b"MM\0*\0\0\0\x09junk", b"II+\0\x08\0\0\0"]
)
def test_tiff_without_frames_is_an_error(read: Read, data: bytes) -> None:
    """A TIFF whose first frame is not there cannot be opened."""
    with pytest.raises(PageError, match=r"TIFF (is damaged|holds no frame)"):
        read(data)


def test_size_is_checked_before_decoding(read: Read) -> None:
    """A frame that says it is huge is refused, the next one is read."""
    page = drawing()
    huge = grey_tags(page) | {256: 60_000, 257: 60_000, 259: 5}
    data = tiff(huge, grey_tags(page), data=page.tobytes())
    with pytest.raises(PageError, match="3,600,000,000 pixels"):
        read(data, page=1, pages=2)
    np.testing.assert_array_equal(read(data, page=2, pages=2).pixels, page)
    with pytest.raises(PageError, match="pixels"):
        read(data, page=2, pages=2, max_pixels=page.size - 1)


def test_missing_strips_are_an_error(read: Read) -> None:
    """A frame with fewer strips than rows need is not padded with black."""
    page = drawing()
    with pytest.raises(PageError, match="cut off"):
        read(tiff(grey_tags(page) | {278: 20}, data=page.tobytes()))


def directory_first(data: bytes) -> bytes:
    """The same TIFF of one frame and one strip with its directory before its pixels."""
    with Pillow.open(io.BytesIO(data)) as picture:
        tags = dict(picture.tag_v2)  # type: ignore[attr-defined]
    (offset,), (length,) = tags[273], tags[279]
    kept = {
        tag: int(np.ravel(tags[tag])[0])
        for tag in (256, 257, 258, 259, 262, 277, 278)
        if tag in tags
    }
    kept |= {292: int(tags[292])} if 292 in tags else {}
    kept |= {273: 0, 279: length}
    kept[273] = len(tiff(kept))
    return tiff(kept) + data[offset : offset + length]


@pytest.mark.parametrize("compression", BILEVEL)
def test_cut_frame_is_never_half_read(read: Read, compression: str | None) -> None:
    """Wherever the pixels end too early, the page is an error; so it is where zeros follow."""
    whole = directory_first(bilevel(compression=compression, tiffinfo=strip_rows(480)))
    read(whole)
    for cut in np.linspace(200, len(whole) - 1, 25).astype(int):
        with pytest.raises(PageError, match=r"copy it again"):
            read(whole[:cut])
        if compression not in (None, "packbits") and cut < len(whole) - 12:
            with pytest.raises(PageError, match=r"copy it again"):
                read(whole[:cut] + bytes(len(whole) - cut))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_jpeg_strip_that_ends_early_is_never_half_read(read: Read, part: float) -> None:
    """Libtiff fills up a JPEG strip whose end is missing; here it is an error."""
    page = drawing(480, 350)
    data = bytearray(encode(page, "TIFF", compression="jpeg", tiffinfo=strip_rows(480)))
    with Pillow.open(io.BytesIO(bytes(data))) as picture:
        (offset,), (length,) = (picture.tag_v2[tag] for tag in (273, 279))  # type: ignore[attr-defined]
    cut = int(length * part)
    data[offset + cut : offset + length] = bytes(length - cut)
    with pytest.raises(PageError, match="cut off"):
        read(bytes(data))


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax_strip_that_ends_early_is_never_half_read(read: Read, compression: str) -> None:
    """Libtiff leaves the missing rows blank and says nothing; here it is an error."""
    strip, code = fax_strip(compression), {"group3": 3, "group4": 4}[compression]
    for part in np.linspace(0.02, 0.95, 25):
        with pytest.raises(PageError, match=r"cut off|damaged"):
            read(fax_tiff(strip[: int(len(strip) * part)], code))


def test_fax_without_end_mark_is_whole(read: Read) -> None:
    """A Group 4 strip need not end with a mark, nor need its bits run left to right."""
    strip = fax_strip("group4")
    expected = np.where(BLACK, 0, 255)
    bits = "".join(f"{byte:08b}" for byte in strip).rstrip("0")
    mark = "000000000001" * 2
    assert bits.endswith(mark)
    bits = bits.removesuffix(mark)
    bits += "0" * (-len(bits) % 8)
    bare = int(bits, 2).to_bytes(len(bits) // 8, "big")
    np.testing.assert_array_equal(read(fax_tiff(bare, 4)).pixels, expected)
    for part in (0.3, 0.6, 0.9):
        with pytest.raises(PageError, match="cut off"):
            read(fax_tiff(bare[: int(len(bare) * part)], 4))
    reversed_bits = bytes(int(f"{byte:08b}"[::-1], 2) for byte in strip)
    np.testing.assert_array_equal(read(fax_tiff(reversed_bits, 4, t266=2)).pixels, expected)


def test_blank_bottom_without_end_mark_is_whole(read: Read) -> None:
    """White rows at the end of a page are not taken for missing ones."""
    page = BLACK.copy()
    page[200:] = True
    data = encode(Pillow.fromarray(page), "TIFF", compression="group3", tiffinfo=strip_rows(480))
    np.testing.assert_array_equal(read(data).pixels, np.where(page, 255, 0))


def test_reading_keeps_the_file_open_only_so_long(tmp_path: Path) -> None:
    """A closed reader holds no file, so that the next program can move it."""
    path = tmp_path / "a.tif"
    path.write_bytes(frames(drawing(), coloured()))
    with open_source(SourceFile(path, "a.tif"), InputOptions()) as reader:
        reader.read(2)
        reader.read(1)
    with pytest.raises((PageError, ValueError)):
        reader.read(1)
    os.replace(path, tmp_path / "b.tif")  # noqa: PTH105 - Windows refuses this for open files
    assert cv2.imdecode(np.frombuffer((tmp_path / "b.tif").read_bytes(), np.uint8), 0) is not None


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_damaged_group_4_with_its_mark_is_never_half_read(read: Read, part: float) -> None:
    """The decoder stops at a damaged code and says nothing, though the strip ends properly."""
    strip = fax_strip("group4")
    at = int(len(strip) * part)
    with pytest.raises(PageError, match=r"cut off|damaged"):
        read(fax_tiff(strip[:at] + bytes(12) + strip[at + 12 :], 4))


def test_strip_whose_mark_is_repeated_is_whole(read: Read) -> None:
    """Some writers end Group 4 with six marks, and some write more rows than they say."""
    strip = fax_strip("group4")
    bits = "".join(f"{byte:08b}" for byte in strip).rstrip("0") + "000000000001" * 4
    bits += "0" * (-len(bits) % 8)
    longer = int(bits, 2).to_bytes(len(bits) // 8, "big")
    expected = np.where(BLACK, 0, 255)
    np.testing.assert_array_equal(read(fax_tiff(longer, 4)).pixels, expected)
    fewer = read(fax_tiff(longer, 4, t257=470, t278=470)).pixels
    np.testing.assert_array_equal(fewer, expected[:470])


def test_length_of_0_is_up_to_the_end(read: Read) -> None:
    """A strip that says it is of no bytes ends where the next begins, or the file."""
    strip = fax_strip("group4")
    np.testing.assert_array_equal(read(fax_tiff(strip, 4, t279=0)).pixels, np.where(BLACK, 0, 255))
    with pytest.raises(PageError, match=r"cut off|damaged"):
        read(fax_tiff(strip[: len(strip) // 2], 4, t279=0))


def test_group_3_without_marks_of_lines_is_whole(read: Read) -> None:
    """A Group 3 strip need not have marks before its lines; missing rows are seen all the same."""
    line = "00110101" + ("010" + "000111") * 175  # white 0, then black 1 and white 1: 350 pixels
    bits = line * 480
    bits += "0" * (-len(bits) % 8)
    strip = int("1" + bits, 2).to_bytes(len(bits) // 8 + 1, "big")[1:]
    pixels = read(fax_tiff(strip, 3)).pixels
    assert (pixels[:, ::2] == 0).all()
    assert (pixels[:, 1::2] == 255).all()
    with pytest.raises(PageError, match=r"cut off|damaged"):
        read(fax_tiff(strip[: len(strip) // 2], 3))


def test_last_frame_need_not_say_that_it_is_the_last(read: Read) -> None:
    """A file that ends with its last directory, without the 0 behind it, has all its pages."""
    data = tiff(grey_tags(drawing()), data=drawing().tobytes())
    np.testing.assert_array_equal(read(data[:-4]).pixels, drawing())


def test_motorola_bigtiff_says_what_it_is(read: Read) -> None:
    """What no decoder reads safely is named."""
    with pytest.raises(PageError, match="a BigTIFF in Motorola byte order is not read: save it"):
        read(b"MM\0+\0\x08\0\0" + bytes(40))
