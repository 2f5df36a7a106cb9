"""What is found in files and folders, and what it is called."""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.errors import PageError, UsageError
from digitbatch.inputs import InputOptions, Walk, open_source, walk
from digitbatch.inputs.file_names import portable, relative_name

PNG = b"\x89PNG\r\n\x1a\n"
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX file names and links")


def put(folder: Path, *names: str, content: bytes = PNG) -> None:
    """Write files and the folders they lie in."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(found: Walk) -> list[str]:
    """What the files are called, in their order."""
    return [file.name for file in found.files]


def test_order_is_by_folder_and_name(tmp_path: Path) -> None:
    """Files come sorted by the parts of their names, whatever order the disk gives."""
    put(tmp_path, "b.png", "a/2.png", "a-b/1.png", "a/10.png", "a/1/x.png", "Z.png", "a.png")
    expected = ["Z.png", "a/1/x.png", "a/10.png", "a/2.png", "a-b/1.png", "a.png", "b.png"]
    assert names(walk([tmp_path])) == expected


@pytest.mark.parametrize(
    "name",
    [
        "x.png",
        "x.JPG",
        "x.jpeg",
        "x.tif",
        "x.TIFF",
        "x.bmp",
        "x.webp",
        "x.Pdf",
        "x.HEIC",
        "x.avif",
        "x.gif",
        "x.jp2",
        "x.j2k",
        "x.pgm",
        "x.psd",
        "x.jxl",
        "x.djvu",
        "x.NEF",
    ],
)
def test_ending_alone_makes_an_input(tmp_path: Path, name: str) -> None:
    """A file with a known ending is an input even when it holds something else."""
    put(tmp_path, name, content=b"")
    assert names(walk([tmp_path])) == [name]


@pytest.mark.parametrize(
    "head",
    [
        PNG,
        b"\xff\xd8\xff\xe0",
        b"II*\0",
        b"MM\0*",
        b"II+\0\x08\0\0\0",
        b"MM\0+\0\x08\0\0",
        b"BM" + bytes(12) + b"\x28\0\0\0",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"%PDF-1.7",
        b"\n\n%PDF-1.4",
        b"GIF89a",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"\xff\x4f\xff\x51",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif",
        b"P5\n# scanned\n40 30\n255\n",
        b"\xff\x0a",
        b"AT&TFORM",
        b"8BPS\0\1",
        b"\0\0\0\x18ftypcrx ",
    ],
)
def test_first_bytes_alone_make_an_input(tmp_path: Path, head: bytes) -> None:
    """A file without a known ending is an input when its first bytes are a format's."""
    put(tmp_path, "scan.dat", "scan", content=head + bytes(2000))
    assert names(walk([tmp_path])) == ["scan", "scan.dat"]


@pytest.mark.parametrize("content", [b"", b"BMW is a car, not a bitmap", b"GIF87", b"text", b"II"])
def test_other_files_are_counted(tmp_path: Path, content: bytes) -> None:
    """What has neither ending nor first bytes of a format is skipped and counted."""
    put(tmp_path, "note.txt", "noending", content=content)
    found = walk([tmp_path])
    assert (found.files, found.skipped) == ((), {"not an image or PDF": 2})


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("scans.zip", b"PK\3\4", "archive"),
        ("letter.docx", b"PK\3\4", "office file"),
        ("letter", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office file"),
        ("clip.mov", b"\0\0\0\x14ftypqt  ", "video or sound"),
        ("clip", b"\0\0\0\x18ftypisom", "video or sound"),
        ("logo.svg", b"<svg", "icon or vector drawing"),
        ("list.csv", b"a,b", "not an image or PDF"),
    ],
)
def test_what_is_no_picture_is_counted_by_kind(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    """Archives, office files and videos beside scans are no rows, and counted by what they are."""
    put(tmp_path, name, content=content)
    found = walk([tmp_path])
    assert (found.files, found.skipped) == ((), {kind: 1})


def test_endings_of_what_is_left_out_are_known(tmp_path: Path) -> None:
    """What else lies in a folder can be named by its endings; numbers behind a dot are none."""
    put(tmp_path, "a.docx", "b.DOCX", "c.zip", "d", "e.20261130", "f.1", content=b"text")
    assert walk([tmp_path]).endings == {"": 3, "docx": 2, "zip": 1}


def test_hidden_system_and_own_files_are_counted(tmp_path: Path) -> None:
    """Hidden and system entries and digitbatch's own outputs are skipped, each under its reason."""
    put(tmp_path, "a.png", ".b.png", ".git/c.png", "._a.png", "~$a.png")
    put(tmp_path, "Thumbs.db", "desktop.ini", "__MACOSX/a.png", "@eaDir/a.png/THUMB.jpg")
    put(
        tmp_path,
        "results.png",
        "views/1.png",
        "a.png.digitbatch-inspect/1.png",
        ".x.digitbatch-lock",
    )
    found = walk([tmp_path], ignore=[tmp_path / "results.png", tmp_path / "views", tmp_path / "no"])
    assert names(found) == ["a.png"]
    assert found.skipped == {"hidden": 4, "system file": 4, "digitbatch output": 4}


def test_named_files_are_taken_although_hidden(tmp_path: Path) -> None:
    """A hidden file that is named itself is read; an output that a wildcard names is not."""
    put(tmp_path, ".a.png", "out.png", "note.txt")
    os.truncate(tmp_path / "note.txt", 0)
    paths = [tmp_path / name for name in (".a.png", "out.png", "note.txt")]
    found = walk(paths, ignore=[tmp_path / "out.png"])
    assert names(found) == [".a.png"]
    assert found.skipped == {"digitbatch output": 1, "not an image or PDF": 1}


def test_names_are_relative_to_the_inputs(tmp_path: Path) -> None:
    """One folder: relative to it. One file: its name. Several: relative to what they share."""
    put(tmp_path, "p/a/1.png", "p/b/1.png", "p/b/c/2.png")
    p = tmp_path / "p"
    assert names(walk([p / "b"])) == ["1.png", "c/2.png"]
    assert names(walk([p / "a" / "1.png"])) == ["1.png"]
    assert names(walk([p / "a", p / "b"])) == ["a/1.png", "b/1.png", "b/c/2.png"]
    assert names(walk([p / "a/1.png", p / "b/1.png"])) == ["a/1.png", "b/1.png"]
    assert names(walk([p / "b/c/2.png", p / "b"])) == ["1.png", "c/2.png"]
    assert names(walk([p / "a" / ".." / "b"])) == ["1.png", "c/2.png"]


def test_relative_paths_are_opened_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder as "." gives the same names; paths can be opened from there."""
    put(tmp_path, "a/1.png")
    monkeypatch.chdir(tmp_path)
    (file,) = walk([Path()]).files
    assert file.name == "a/1.png"
    assert file.path.read_bytes() == PNG


def test_nothing_is_read_twice(tmp_path: Path) -> None:
    """A file reached through several inputs comes once, whichever is given first."""
    put(tmp_path, "a/1.png", "a/.h/2.png", "a/b/3.png")
    a = tmp_path / "a"
    for inputs in ([a, a, a / "b", a / "1.png"], [a / "1.png", a / "b", a, a / "1.png"]):
        assert names(walk(inputs)) == ["1.png", "b/3.png"]
    assert names(walk([a, a / ".h"])) == [".h/2.png", "1.png", "b/3.png"]


def test_missing_input_is_a_usage_error(tmp_path: Path) -> None:
    """A path that does not exist ends the run with the path in the message."""
    with pytest.raises(UsageError, match=r"no_such.*give files or folders that exist"):
        walk([tmp_path, tmp_path / "no_such"])


def test_no_inputs() -> None:
    """Nothing to walk gives nothing."""
    assert walk([]) == Walk((), {})


@posix
def test_links_stay_inside(tmp_path: Path) -> None:
    """Links out are counted, links within add nothing that is read anyway, loops end."""
    put(tmp_path, "out/secret.png", "in/a/1.png", "in/.store/2.png", "in/.store/more/3.png")
    top = tmp_path / "in"
    (top / "to-out").symlink_to(tmp_path / "out")
    (top / "secret.png").symlink_to(tmp_path / "out" / "secret.png")
    (top / "0.png").symlink_to("a/1.png")
    (top / "loop").symlink_to(".", target_is_directory=True)
    (top / "a" / "up").symlink_to("..", target_is_directory=True)
    (top / "2.png").symlink_to(".store/2.png")
    (top / "again.png").symlink_to("2.png")
    (top / "more").symlink_to(".store/more")
    (top / "self.png").symlink_to("self.png")
    found = walk([top])
    assert names(found) == ["2.png", "a/1.png", "more/3.png", "self.png"]
    assert found.skipped == {"hidden": 1, "link out of the folder": 2, "reached twice": 2}


@posix
def test_link_whose_file_is_missing_has_a_row(tmp_path: Path) -> None:
    """A broken link within the folder that is named like a page is an input that cannot be read."""
    (tmp_path / "a.png").symlink_to("gone.png")
    (tmp_path / "b").symlink_to("gone")
    found = walk([tmp_path])
    assert (names(found), found.skipped) == (["a.png"], {"broken link": 1})
    with pytest.raises(PageError, match="the file is gone"):
        open_source(found.files[0], InputOptions())


@posix
def test_input_that_is_a_link_is_followed(tmp_path: Path) -> None:
    """A link that the user names is followed wherever it leads."""
    put(tmp_path, "data/1.png")
    (tmp_path / "scans").symlink_to("data")
    (tmp_path / "one.png").symlink_to("data/1.png")
    assert names(walk([tmp_path / "scans"])) == ["1.png"]
    assert names(walk([tmp_path / "one.png"])) == ["one.png"]


@posix
def test_pipes_and_sockets_are_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe, a socket or a device is counted, also where it is named like a picture."""
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    monkeypatch.chdir(tmp_path)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.png")
        found = walk([tmp_path, tmp_path / "pipe.png"])
    assert found.files == ()
    assert found.skipped == {"link out of the folder": 1, "neither file nor folder": 4}


@posix
@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"new\nline.png", "new\nline.png"),
        (b"-o.png", "-o.png"),
        ("ü€ß.png".encode(), "ü€ß.png"),
        (b"\xff\x80a.png", r"\xff\x80a.png"),
        (rb"\xff.png", r"\x5cxff.png"),
        (rb"\back\slash.png", r"\back\slash.png"),
        (b"x" * 251 + b".png", "x" * 251 + ".png"),
        (b" .png", " .png"),
    ],
)
def test_odd_names(tmp_path: Path, raw: bytes, name: str) -> None:
    """Any name the disk allows is found, can be opened, and has a name that UTF-8 can hold."""
    try:
        (tmp_path / os.fsdecode(raw)).write_bytes(PNG)
    except OSError:
        pytest.skip("this disk does not allow the name")
    (file,) = walk([tmp_path]).files
    assert file.name == name
    assert file.path.read_bytes() == PNG


file_names = st.binary(min_size=1, max_size=12).map(
    lambda raw: os.fsdecode(raw.replace(b"/", b"\\").replace(b"\0", b"x"))
)


@given(st.sets(file_names, min_size=2, max_size=20))
def test_different_names_stay_different(raw: set[str]) -> None:
    """No two file names become the same name, and every name is valid UTF-8."""
    written = {portable(name) for name in raw}
    assert len(written) == len(raw)
    for name in written:
        assert name.encode().decode() == name


@given(st.text(st.characters(categories=["L", "N", "Cs"]) | st.sampled_from("\\xf09"), max_size=8))
def test_names_never_hold_half_characters(name: str) -> None:
    """Halves of surrogate pairs, which Windows allows in names, do not leak out."""
    portable(name).encode()


@given(st.lists(st.sampled_from(["a", "b", "a-b", "\\x61"]), min_size=1, max_size=4))
def test_relative_name_keeps_the_way_down(parts: list[str]) -> None:
    """A name is the folders from the base down, each as it would be alone."""
    base = os.path.abspath("base")  # noqa: PTH100 - names are made of strings
    path = os.path.join(base, *parts)  # noqa: PTH118
    assert relative_name(path, base) == "/".join(map(portable, parts))


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """An empty folder, and no right to read everything: root lends its own for the test."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)


@posix
def test_folder_that_cannot_be_listed_has_a_row(nobodys_folder: Path) -> None:
    """A folder without permission becomes a file whose opening says what to do; others are read."""
    put(nobodys_folder, "a.png", "locked/b.png", "locked.png", "unknown")
    (nobodys_folder / "locked").chmod(0)
    (nobodys_folder / "unknown").chmod(0)
    found = walk([nobodys_folder])
    with pytest.raises(PageError) as raised:
        open_source(found.unreadable[0], InputOptions())
    (locked,) = walk([nobodys_folder / "locked"]).files
    (nobodys_folder / "locked").chmod(0o700)
    assert names(found) == ["a.png", "locked/", "locked.png"]
    assert [file.name for file in found.unreadable] == [locked.name] == ["locked/"]
    assert found.skipped == {"cannot be opened to see what it is": 1}
    assert str(raised.value) == (
        "the folder cannot be listed (Permission denied): allow reading it, then run again"
    )


@posix
def test_file_that_may_not_be_read_says_so(nobodys_folder: Path) -> None:
    """A picture without permission is an input, and opening it says what to do."""
    put(nobodys_folder, "a.png")
    (nobodys_folder / "a.png").chmod(0)
    (file,) = walk([nobodys_folder]).files
    with pytest.raises(PageError, match=r"may not be read \(Permission denied\): allow reading it"):
        open_source(file, InputOptions())


def test_a_walk_opens_no_file_that_its_ending_decides(tmp_path: Path) -> None:
    """5,000 files with endings are found at listing speed."""
    for index in range(5000):
        (tmp_path / f"{index}.png").touch()
    start = time.perf_counter()
    assert len(walk([tmp_path]).files) == 5000
    assert time.perf_counter() - start < 1
