"""Hostile bytes for every parser that takes bytes from outside.

python -m benchmarks.fuzz [pages yaml card calibration journal ...] [--cases 100000] [--seed 0]

`pages` writes broken PNG, JPEG, TIFF, BMP, WebP and PDF files and has them read as a run reads its
pages, in a worker process with its limits: each must end as a row. The others call one parser in
this process: each case must be taken, or refused with an error that digitbatch raises on purpose.
Prints how many cases there were and what came of them; the first ones that went wrong are written
to --keep. Ends with 1 if there were any.
"""

import argparse
import io
import json
import random
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from digitbatch.acceptance.calibration import CALIBRATION_FILE, load_calibration
from digitbatch.app.incremental_run import write_known
from digitbatch.app.journal import codec
from digitbatch.app.journal.binding import Binding
from digitbatch.app.journal.index import FileKey
from digitbatch.app.journal.journal import Journal, journal_beside
from digitbatch.app.run_status import read_status
from digitbatch.config.file import parse_config
from digitbatch.engine import Limits, Reader, read_files
from digitbatch.errors import DigitbatchError
from digitbatch.inputs import InputOptions, SourceFile
from digitbatch.networks.card import CARD_FILE, load_card
from digitbatch.outputs import OutputSet
from digitbatch.outputs.results import RunMeta
from digitbatch.packaged import default_model, packaged_file
from digitbatch.training.data.array_files import read_idx
from digitbatch.types import FieldResult, Network, Page, PageRef, PageResult

OPTIONS = InputOptions(max_pixels=4_000_000)
LIMITS = Limits(page_timeout_s=20, memory_mb=1024)
WORDS = [b"\0", b"\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"-1", b"9" * 30]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, mostly near the start, where headers are; or parts cut, doubled."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        if not changed:
            break
        near = chance.random() < 0.7
        at = chance.randrange(min(len(changed), 64 if near else len(changed)))
        match chance.randrange(7):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                word = chance.choice(WORDS)
                changed[at : at + len(word)] = word
            case 3:
                del changed[at : at + chance.randrange(1, 9)]
            case 4:
                changed[at:at] = chance.randbytes(chance.randrange(1, 9))
            case 5:
                del changed[chance.randrange(len(changed)) :]
            case 6:
                start = chance.randrange(len(changed))
                changed[at:at] = changed[start : start + chance.randrange(1, 200)]
    return bytes(changed)


class _Look:
    """A reader that reads nothing; what is tested is how its page came to be."""

    def __call__(self, _: Mapping[str, Network]) -> Reader:
        return _look


def _look(page: Page) -> PageResult:
    return PageResult(page.ref, (FieldResult("", "empty"),))


def seeds() -> list[tuple[str, bytes]]:
    """Small good files of every format that is read, with their endings."""
    rng = np.random.default_rng(0)
    grey = Image.fromarray(rng.integers(0, 256, (24, 32), np.uint8))
    found = []
    for kind, ending, options in (
        ("PNG", ".png", {}),
        ("JPEG", ".jpg", {"quality": 60}),
        ("JPEG", ".jpg", {"progressive": True}),
        ("BMP", ".bmp", {}),
        ("WEBP", ".webp", {"lossless": True}),
        ("TIFF", ".tif", {}),
        ("TIFF", ".tif", {"compression": "tiff_lzw"}),
        ("TIFF", ".tif", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", ".tif", {"compression": "jpeg"}),
    ):
        buffer = io.BytesIO()
        grey.save(buffer, kind, **options)
        found.append((ending, buffer.getvalue()))
    buffer = io.BytesIO()
    fax = {"compression": "group4", "save_all": True, "append_images": [grey.convert("1")] * 3}
    grey.convert("1").save(buffer, "TIFF", **fax)
    found.append((".tif", buffer.getvalue()))
    buffer = io.BytesIO()
    grey.save(buffer, "PDF")
    found.append((".pdf", buffer.getvalue()))
    return found


def _mended(data: bytes) -> bytes:
    """A PNG with checksums that are right again, so that its decoder is reached."""
    at, whole = 8, bytearray(data)
    while at + 12 <= len(whole):
        (size,) = struct.unpack_from(">I", whole, at)
        if at + 12 + size > len(whole):
            break
        struct.pack_into(">I", whole, at + 8 + size, zlib.crc32(whole[at + 4 : at + 8 + size]))
        at += 12 + size
    return bytes(whole)


def fuzz_pages(cases: int, chance: random.Random, keep: Callable[[bytes], None]) -> Counter[str]:
    """Broken files of every format, read as in a run."""
    found: Counter[str] = Counter()
    good = seeds()
    with tempfile.TemporaryDirectory() as place:

        def files() -> Iterator[SourceFile]:
            for number in range(cases):
                ending, data = chance.choice(good)
                broken = mutate(data, chance)
                if ending == ".png" and chance.random() < 0.8:
                    broken = _mended(broken)
                path = Path(place, f"{number}{ending}")
                path.write_bytes(broken)
                yield SourceFile(path, path.name)

        with closing(read_files(files(), _Look(), OPTIONS, workers=2, limits=LIMITS)) as pages:
            seen = set()
            for page in pages:
                ref, message = page.result.ref, page.result.fields[0].message
                path = Path(place, ref.file)
                kind = _kind(message)
                found[kind] += 1
                if kind == "internal error" and path.exists():
                    keep(path.read_bytes())
                if ref.page == 1:
                    seen.add(ref.file)
                if ref.page == page.page_count:
                    path.unlink(missing_ok=True)
        found["files without a row"] += cases - len(seen)
    return found


def _kind(message: str) -> str:
    for word, kind in (
        ("internal error", "internal error"),
        ("process died", "crash, contained"),
        ("not read after", "hang, contained"),
        ("memory", "too much memory, contained"),
    ):
        if word in message:
            return kind
    return "refused" if message else "read"


Parse = Callable[[bytes, Path], None]


def _parse_yaml(data: bytes, folder: Path) -> None:
    parse_config(data, "fuzz.yaml", folder)


def _parse_idx(data: bytes, folder: Path) -> None:
    (folder / "x").write_bytes(data)
    read_idx(folder / "x")


def _parse_card(data: bytes, folder: Path) -> None:
    (folder / CARD_FILE).write_bytes(data)
    load_card(folder, None)


def _parse_calibration(data: bytes, folder: Path) -> None:
    (folder / CALIBRATION_FILE).write_bytes(data)
    load_calibration(folder / CALIBRATION_FILE).promise(0.002)


def _calibration() -> bytes:
    """A calibration of few fields."""
    whole = json.loads((default_model() / CALIBRATION_FILE).read_bytes())
    return json.dumps(whole | {"steps": whole["steps"][:3]}).encode()


def _parse_checkpoint(data: bytes, folder: Path) -> None:
    from digitbatch.training.run_folder import CHECKPOINT_FILE, load_checkpoint

    (folder / CHECKPOINT_FILE).write_bytes(data)
    load_checkpoint(folder / CHECKPOINT_FILE)


BINDING = Binding("a", "b", "c", "d", "e")


def _parse_journal(data: bytes, folder: Path) -> None:
    out = folder / "r.csv"
    journal_beside(out).write_bytes(data)
    try:
        with Journal(journal_beside(out), BINDING) as journal, OutputSet([out], META) as output:
            write_known(journal, list(journal.index), [output])
    finally:
        read_status(out)


META = RunMeta("1", "a", "b", "c", "d", "e")


def _journal() -> bytes:
    """A small journal with a line of each kind."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place, "r.csv")
        with Journal(journal_beside(out), BINDING) as journal:
            key = FileKey(1, 2, bytes(range(32)))
            for page in (1, 2):
                fields = (FieldResult("line-01", "review", "12", 0.5, "a dot"),)
                result = PageResult(PageRef("a.png", page), fields, pictures=(b"RIFF\0\0\0\0WEBP",))
                journal.add_page(result, key, 2, 0.1)
            known = journal.index.get("a.png")
            assert known is not None  # noqa: S101 - just added
            journal.add_same("b.png", key, known)
            journal.mark("b.png", codec.GONE)
            journal.mark("b.png", codec.BACK)
            journal.mark("a.png", codec.AGAIN)
            journal.end_run({"read": journal.statistics.to_json(), "time": 1})
        return journal_beside(out).read_bytes()


def _remade(data: bytes, chance: random.Random) -> bytes:
    """A journal of which one line is changed, and its checksum with it."""
    whole = data.splitlines(keepends=True)
    at = chance.randrange(len(whole))
    body = mutate(whole[at][9:-1], chance)
    whole[at] = b"%08x\t%s\n" % (zlib.crc32(body), body)
    return b"".join(whole)


def _checkpoint() -> bytes:
    """The beginning of a safetensors file, whose header is all that is parsed by hand."""
    header = json.dumps(
        {"__metadata__": {"x": "{}"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def fuzz_parser(
    name: str, cases: int, chance: random.Random, keep: Callable[[bytes], None]
) -> Counter[str]:
    """Broken bytes for one parser of this process."""
    parse, data = PARSERS[name]()
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        for _ in range(cases):
            broken = mutate(data, chance)
            if name == "journal" and chance.random() < 0.8:
                broken = _remade(data, chance)
            try:
                parse(broken, Path(place))
                found["read"] += 1
            except DigitbatchError:
                found["refused"] += 1
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                found[f"internal error: {type(error).__name__}"] += 1
                keep(broken)
    return found


PARSERS: dict[str, Callable[[], tuple[Parse, bytes]]] = {
    "yaml": lambda: (_parse_yaml, packaged_file("pipeline.yaml").read_bytes()),
    "idx": lambda: (_parse_idx, struct.pack(">IIII", 0x803, 2, 28, 28) + bytes(2 * 28 * 28)),
    "card": lambda: (_parse_card, (default_model() / CARD_FILE).read_bytes()),
    "calibration": lambda: (_parse_calibration, _calibration()),
    "checkpoint": lambda: (_parse_checkpoint, _checkpoint()),
    "journal": lambda: (_parse_journal, _journal()),
}
TARGETS = ("pages", *PARSERS)


def fuzz(
    name: str, cases: int, seed: int, keep: Callable[[bytes], None] = lambda _: None
) -> Counter[str]:
    """Run one target; returns what came of the cases."""
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - cases, not secrets
    if name == "pages":
        return fuzz_pages(cases, chance, keep)
    return fuzz_parser(name, cases, chance, keep)


def is_wrong(outcome: str) -> bool:
    """Whether this must not happen."""
    return outcome.startswith(("internal error", "files without"))


def main() -> int:
    """Read the options and run the targets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", default=TARGETS, metavar="TARGET")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    options = parser.parse_args()
    wrong = 0
    for name in options.targets:
        kept: list[bytes] = []
        start = time.perf_counter()
        found = fuzz(name, options.cases, options.seed, kept.append)
        bad = sum(count for outcome, count in found.items() if is_wrong(outcome))
        wrong += bad
        said = ", ".join(f"{count:,} {outcome}" for outcome, count in found.most_common() if count)
        print(f"{name}: {options.cases:,} cases in {time.perf_counter() - start:.0f} s: {said}")
        if kept:
            options.keep.mkdir(exist_ok=True)
            for number, data in enumerate(kept[:20]):
                (options.keep / f"{name}-{number}").write_bytes(data)
    return int(bool(wrong))


if __name__ == "__main__":
    from benchmarks import fuzz as this_module  # whose reader the workers can import by name

    sys.exit(this_module.main())
