"""The pages under samples/: what is on each, and how it is written to a file."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image as Pil

from digitbatch.synth.pages import FormField, MadePage, PageStyle, fill_form, write_lines
from digitbatch.synth.paper import Paper, Pen, Points, fax, photographed
from digitbatch.synth.pdf import ScanPage, StrokePage, write_pdf
from digitbatch.synth.strokes import Hand, digit_paths

_SEED: Final = 20
_DPI: Final = 150

_ROUND_HAND: Final = Hand(
    styles={
        0: "plain", 1: "flag", 2: "round", 3: "round", 4: "closed", 5: "one_stroke",
        6: "curled", 7: "plain", 8: "one_stroke", 9: "straight",
    },
    slant_deg=5, aspect=1.05, pen=0.085,
)  # fmt: skip
_EUROPEAN_HAND: Final = Hand(
    styles={
        0: "looped", 1: "foot", 2: "looped", 3: "flat", 4: "open", 5: "loose_bar",
        6: "straight", 7: "crossed", 8: "one_stroke", 9: "g_tail",
    },
    slant_deg=9, aspect=0.95, pen=0.07,
)  # fmt: skip
_QUICK_HAND: Final = Hand(
    styles={
        0: "narrow", 1: "bare", 2: "z_like", 3: "looped", 4: "crossing", 5: "s_like",
        6: "straight", 7: "curved", 8: "open_top", 9: "curved",
    },
    slant_deg=14, aspect=0.95, pen=0.075,
)  # fmt: skip
_CAREFUL_HAND: Final = Hand(
    styles={
        0: "plain", 1: "flag", 2: "straight_foot", 3: "flat", 4: "open", 5: "loose_bar",
        6: "curled", 7: "hook", 8: "two_circles", 9: "curved",
    },
    slant_deg=2, aspect=1.0, pen=0.095, tip="chisel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One file of samples/."""

    path: str  # below samples/, "/" between folders
    content: bytes
    truth: tuple[dict[str, str], ...] = ()  # one for each page; none for files that are no pages


def make_samples() -> list[SampleFile]:
    """Draw every sample; the same versions of the libraries give the same bytes."""
    files = [
        _plain_list(), _notebook(), _squared(), _pencil(), _fax(), _tablet(),
        *_postal(), *_invoices(), *_scans(),
    ]  # fmt: skip
    truth = {f"{f.path}#{n}": page for f in files for n, page in enumerate(f.truth, 1)}
    text = json.dumps(truth, indent=2) + "\n"
    return [*files, SampleFile("truth.json", text.encode())]


def write_samples(folder: Path) -> list[Path]:
    """Write the samples below `folder`; other files there, such as expected results, stay."""
    paths = []
    for sample in make_samples():
        path = folder / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.content)
        paths.append(path)
    return paths


def _rng(name: str) -> np.random.Generator:
    """A source of chance of its own for each page, so that a change to one leaves the others."""
    return np.random.default_rng([_SEED, zlib.crc32(name.encode())])


def _plain_list() -> SampleFile:
    """Black pen on white paper that lies askew under a lamp; the fourth line holds a point."""
    texts = ["4071", "582 9936", "16240", "12.50", "700 318", "95624", "38", "2205 1467"]
    style = PageStyle(800, 940, Paper(shadow=0.35, skew_deg=1.1, grain=1.2), digit_height_px=48)
    page = write_lines(texts, style, _ROUND_HAND, _rng("plain-list"))
    return _single("pages/plain-list.jpg", page, "JPEG", quality=72)


def _notebook() -> SampleFile:
    """Blue pen in a ruled notebook, lines that slope, and a European hand."""
    texts = ["1984", "27 4409", "61350", "8172", "90 3341", "4758 12", "20796"]
    style = PageStyle(
        800, 900, Paper(pen="blue", shadow=0.15, skew_deg=-0.7), "ruled", 46, pitch=2.1,
        slope_deg=1.3,
    )  # fmt: skip
    page = write_lines(texts, style, _EUROPEAN_HAND, _rng("notebook"))
    return _single("pages/notebook.jpg", page, "JPEG", quality=72)


def _squared() -> SampleFile:
    """Red pen on squared paper, without noise: what an app that cleans up its scans sends."""
    texts = ["3061", "8 427", "59", "14486", "720 95"]
    paper = Paper(pen="red", grain=0, noise=0, print_colour=(196, 206, 214))
    style = PageStyle(600, 600, paper, "squared", 40, pitch=2.4)
    page = write_lines(texts, style, _CAREFUL_HAND, _rng("squared"))
    return _single("pages/squared-red.png", page, "PNG", optimize=True)


def _pencil() -> SampleFile:
    """Pencil on grey paper, written in a hurry."""
    texts = ["5107", "66 284", "93042", "418 7", "2580"]
    paper = Paper(colour=(228, 226, 220), pen="pencil", shadow=0.1, grain=1.5)
    style = PageStyle(620, 600, paper, digit_height_px=46, slope_deg=1.0)
    page = write_lines(texts, style, _QUICK_HAND, _rng("pencil"))
    return _single("pages/pencil.webp", page, "WEBP", quality=70)


def _fax() -> SampleFile:
    """A fax of two pages, as a TIFF with Group 4 compression."""
    rng = _rng("fax")
    listed = [["30417", "5592", "86 120", "7734", "09 481"], ["6288", "140 35", "9971", "25603"]]
    hands = (_ROUND_HAND, _EUROPEAN_HAND)
    style = PageStyle(860, 760, Paper(skew_deg=0.6, noise=0), digit_height_px=58)
    made = [write_lines(t, style, hand, rng) for t, hand in zip(listed, hands, strict=True)]
    frames = [Pil.fromarray(fax(page.pixels, rng)).convert("1") for page in made]
    content = _encoded(
        frames[0], "TIFF", compression="group4", save_all=True, append_images=frames[1:],
        dpi=(200, 200),
    )  # fmt: skip
    return SampleFile("pages/fax.tif", content, tuple(page.truth for page in made))


def _tablet() -> SampleFile:
    """A PDF whose first page is a scan and whose second holds vector strokes."""
    texts = ["80215", "4 9367", "1706"]
    style = PageStyle(640, 420, Paper(pen="blue"), digit_height_px=46, slope_deg=0.8)
    scan = write_lines(texts, style, _CAREFUL_HAND, _rng("scan"))
    jpeg = _encoded(Pil.fromarray(scan.pixels), "JPEG", quality=72, dpi=(_DPI, _DPI))
    lines = ["6249", "3815 07", "54402"]
    pages: list[ScanPage | StrokePage] = [
        ScanPage(jpeg, style.width_px, style.height_px, _DPI),
        _stroke_page(lines),
    ]
    drawn = {str(row + 1): text for row, text in enumerate(lines)}
    return SampleFile("pages/scan-and-tablet.pdf", write_pdf(pages), (scan.truth, drawn))


def _stroke_page(texts: Sequence[str]) -> StrokePage:
    rng, height = _rng("tablet"), 22.0
    strokes = []
    for row, text in enumerate(texts):
        x, top = 40.0, 50.0 + 50 * row
        for char in text:
            if char == " ":
                x += height
                continue
            style = _EUROPEAN_HAND.styles[int(char)]
            paths = digit_paths(
                int(char), rng, height_px=height, style=style, slant_deg=6, wobble=0.005, jitter=0.8
            )
            left = min(float(path[:, 0].min()) for path in paths)
            strokes += [path + np.array([x - left, top]) for path in paths]
            x = max(float(path[:, 0].max()) for path in strokes[-len(paths) :]) + 0.35 * height
    return StrokePage(strokes, width_pt=320, height_pt=220, pen_pt=1.8)


def _parcel(sender: str, recipient: str, number: str, weight: str, value: str) -> list[FormField]:
    return [
        FormField("sender_code", sender, 0.08, 0.27, 5, label="Sender's postal code"),
        FormField("recipient_code", recipient, 0.55, 0.27, 5, label="Recipient's postal code"),
        FormField("parcel_no", number, 0.08, 0.51, 8, label="Parcel number"),
        FormField("weight_g", weight, 0.08, 0.75, 4, "comb", label="Weight in grams"),
        FormField("insured_value", value, 0.55, 0.75, 6, label="Insured value"),
    ]


def _postal() -> list[SampleFile]:
    """A postal form with boxes; its last field was left empty."""
    fields = _parcel("40213", "97068", "38150462", "1275", "")
    style = PageStyle(1000, 560, Paper(grain=0, noise=0, print_colour=(226, 150, 120)))
    page = fill_form("Parcel", fields, style, _CAREFUL_HAND, _rng("postal"))
    return [
        _single("forms/postal/parcel.png", page, "PNG", optimize=True),
        _zones("forms/postal/pipeline.yaml", "the parcel form", fields, page),
    ]


def _invoices() -> list[SampleFile]:
    """Two invoices with the same zones, by two people."""
    filled: list[tuple[str, str, Hand, Pen]] = [
        ("20481173", "5960", _EUROPEAN_HAND, "black"),
        ("20481174", "312", _ROUND_HAND, "blue"),
    ]
    files = []
    for number, (invoice_no, total, hand, pen) in enumerate(filled, 1):
        fields = [
            FormField("invoice_no", invoice_no, 0.52, 0.24, 8, "comb", label="Invoice number"),
            FormField("total", total, 0.52, 0.62, 6, "line", label="Total"),
        ]
        paper = Paper(pen=pen, print_colour=(120, 120, 120), skew_deg=0.25, shadow=0.12)
        style = PageStyle(960, 460, paper)
        page = fill_form("Invoice", fields, style, hand, _rng(f"invoice {number}"))
        files.append(_single(f"forms/invoices/invoice-{number}.jpg", page, "JPEG", quality=72))
        if number == 1:
            files.append(_zones("forms/invoices/pipeline.yaml", "the invoices", fields, page))
    return files


def _scans() -> list[SampleFile]:
    """The postal form again by two people: photographed at a slant, and scanned upside down."""
    filled: list[tuple[list[FormField], Hand, Pen, Points]] = [
        (
            _parcel("86150", "31402", "20957713", "640", "2500"), _ROUND_HAND, "blue",
            ((40, 30), (1010, 12), (985, 590), (22, 566)),
        ),
        (
            _parcel("75093", "40213", "61184920", "3082", ""), _CAREFUL_HAND, "black",
            ((1080, 640), (30, 622), (42, 26), (1092, 44)),
        ),
    ]  # fmt: skip
    files = []
    for number, (fields, hand, pen, corners) in enumerate(filled, 1):
        paper = Paper(pen=pen, print_colour=(226, 150, 120), shadow=0.15)
        style = PageStyle(1000, 560, paper)
        page = fill_form("Parcel", fields, style, hand, _rng(f"scan {number}"))
        page = MadePage(photographed(page.pixels, corners, (1120, 670)), page.truth)
        files.append(_single(f"forms/scans/scan-{number}.jpg", page, "JPEG", quality=72))
    postal = _parcel("", "", "", "", "")
    style = PageStyle(1000, 560, Paper(grain=0, noise=0))
    zones = fill_form("Parcel", postal, style, _CAREFUL_HAND, _rng("zones"))
    config = _zones("forms/scans/pipeline.yaml", "the parcel form", postal, zones)
    template = (
        b"\n# Every scan is laid on this page first. It is filled in, too: only its print counts.\n"
    )
    template += b"template: {image: ../postal/parcel.png}\n"
    return [*files, SampleFile(config.path, config.content + template)]


def _zones(path: str, what: str, fields: Sequence[FormField], page: MadePage) -> SampleFile:
    lines = [
        f"# Where the digits stand on {what}: left, top, right, bottom as fractions of the page.",
        "fields:",
    ]
    for entry in fields:
        box = ", ".join(f"{edge:.4f}" for edge in page.zones[entry.name])
        lines += [f"  - name: {entry.name}", f"    box: [{box}]"]
        if entry.kind != "line":
            lines.append(f"    digits: {entry.digits}")
    return SampleFile(path, ("\n".join(lines) + "\n").encode())


def _single(path: str, page: MadePage, kind: str, **options: Any) -> SampleFile:
    content = _encoded(Pil.fromarray(page.pixels), kind, dpi=(_DPI, _DPI), **options)
    return SampleFile(path, content, (page.truth,))


def _encoded(image: Pil.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
