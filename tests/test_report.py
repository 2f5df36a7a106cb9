"""`digitbatch run --report`: what stands in the page, and what a real browser makes of it."""

import base64
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.config import Config
from digitbatch.errors import ExitCode
from digitbatch.outputs.report_file import ReportFormat
from digitbatch.page.forms.registration import register
from digitbatch.reading.field_images import with_pictures
from digitbatch.types import Box, FieldResult, Page, PageRef, PageResult, Status
from tests.made_results import META, PAGES, as_text, pages

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=document.title='run'>"
PIXEL = "R0lGODlhAQABAAAAACw="  # what it holds does not matter here


class _Parts(HTMLParser):
    """What a browser would run, fetch or show as rows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows = ""
        self._in_rows = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_rows = tag == "script" and dict(attrs).get("id") == "rows"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the rows are in the last script
        self._in_rows = False

    def handle_data(self, data: str) -> None:
        if self._in_rows:
            self.rows += data


def report(results: Sequence[PageResult]) -> str:
    """The page of some results."""
    return as_text(ReportFormat(META), results)


def parsed(text: str) -> _Parts:
    """The page as HTML."""
    parts = _Parts()
    parts.feed(text)
    parts.close()
    return parts


class TestPage:
    @given(st.lists(pages, max_size=3))
    def test_every_field_is_a_row(self, results: list[PageResult]) -> None:
        """Whatever names and messages hold, the rows come out as they went in, and run nothing."""
        parts = parsed(report(results))
        rows = json.loads(parts.rows)
        fields = [(page.ref, field) for page in results for field in page.fields]
        assert [tuple(row[:4]) for row in rows] == [
            (ref.file, ref.page, field.name, field.text) for ref, field in fields
        ]
        assert [(row[5], row[6]) for row in rows] == [(f.status, f.message) for _, f in fields]
        assert [tag for tag, _ in parts.tags].count("script") == 2

    def test_nothing_is_fetched(self) -> None:
        """No address stands in the page, and a policy lets it load and run nothing else."""
        text = report(PAGES)
        parts = parsed(text)
        assert not re.search(r"(?:src|href)=|https?://|@import|url\(", text)
        policy = next(
            attributes["content"] for tag, attributes in parts.tags
            if tag == "meta" and "http-equiv" in attributes
        )  # fmt: skip
        assert policy is not None
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
        assert "unsafe" not in policy

    def test_hostile_names_stay_text(self) -> None:
        """A file called like a script ends no script and makes no element."""
        page = PageResult(
            PageRef(HOSTILE, 1), (FieldResult(HOSTILE, "empty", message=f"{HOSTILE}<!--"),)
        )
        text = report([page])
        assert "<script>document.title" not in text
        assert "<!--" not in text
        assert json.loads(parsed(text).rows)[0][0] == HOSTILE


class TestPictures:
    def page(self, value: int = 200) -> Page:
        """A grey page with a dark place at (100, 40)."""
        pixels = np.full((300, 400), value, np.uint8)
        pixels[40:60, 100:180] = 10
        return Page(PageRef("a.png", 1), pixels)

    def pictures(self, *fields: FieldResult, config: Config | None = None) -> list[Image.Image]:
        """The pictures of some fields of the page."""
        page = self.page()
        laid = register(page, config or Config())
        result = with_pictures(PageResult(page.ref, fields), page, laid)
        assert result == PageResult(page.ref, fields)  # no result differs for its pictures
        return [Image.open(io.BytesIO(data)).convert("L") for data in result.pictures if data]

    def test_a_line_is_cut_with_a_little_around(self) -> None:
        """The ink is in the picture, and paper on all sides."""
        (picture,) = self.pictures(
            FieldResult("line-01", "ok", "1", 1.0, "", Box(100, 40, 180, 60))
        )
        levels = np.asarray(picture)
        assert levels.min() < 60
        assert min(levels[0].min(), levels[-1].min(), levels[:, 0].min()) > 150
        assert 20 < picture.height < 50

    def test_a_zone_is_shown_also_where_it_is_empty(self) -> None:
        """Whoever looks for a lost digit sees the place where it should be."""
        config = Config.model_validate({"fields": ({"name": "a", "box": (0.2, 0.1, 0.6, 0.3)},)})
        (picture,) = self.pictures(FieldResult("a", "empty"), config=config)
        assert picture.width > 160
        assert np.asarray(picture).min() < 60

    def test_large_places_are_made_small(self) -> None:
        """A picture is for the list, not for the archive; a page without lines is shown whole."""
        (whole,) = self.pictures(FieldResult("", "empty"))
        assert whole.height <= 110
        (wide,) = self.pictures(FieldResult("line-01", "ok", "1", 1.0, "", Box(0, 0, 400, 300)))
        assert wide.height <= 72

    def test_a_failed_page_has_none(self) -> None:
        """There is nothing to cut."""
        assert self.pictures(FieldResult("", "error", message="cut off")) == []


class TestRun:
    def test_run_writes_it(self, tmp_path: Path) -> None:
        """Beside the other outputs, which are the same without it; each field has its picture."""
        scan = SAMPLES / "pages" / "pencil.webp"
        arguments = ["run", str(scan), "-q", "-o", str(tmp_path / "a.csv")]
        made = CliRunner().invoke(app, [*arguments, "--report", str(tmp_path / "r.html")])
        assert made.exit_code == ExitCode.OK
        with_report, report_made = ((tmp_path / name).read_bytes() for name in ("a.csv", "r.html"))
        CliRunner().invoke(app, [*arguments, "--fresh"])
        assert (tmp_path / "a.csv").read_bytes() == with_report
        (tmp_path / "r.html").unlink()
        on_stdout = ["run", str(scan), "-q", "--report", str(tmp_path / "r.html")]
        assert CliRunner().invoke(app, on_stdout).stdout_bytes == with_report
        assert (tmp_path / "r.html").read_bytes() == report_made
        rows = json.loads(parsed((tmp_path / "r.html").read_text(encoding="utf-8")).rows)
        assert len(rows) == 5
        for row in rows:
            with Image.open(io.BytesIO(base64.b64decode(row[8]))) as picture:
                assert picture.format == "WEBP"

    @pytest.mark.parametrize("name", ["r.pdf", "r"])
    def test_other_endings_are_refused(self, tmp_path: Path, name: str) -> None:
        """Before anything is read."""
        done = CliRunner().invoke(app, ["run", str(SAMPLES), "--report", str(tmp_path / name)])
        assert done.exit_code == ExitCode.USAGE
        assert ".html" in done.stderr

    def test_it_is_no_second_output_of_the_same_name(self, tmp_path: Path) -> None:
        """A report never takes the place of a file that was there before a failed run."""
        (tmp_path / "r.html").write_text("old", encoding="utf-8")
        done = CliRunner().invoke(
            app,
            ["run", str(tmp_path / "none"), "--report", str(tmp_path / "r.html")],
        )
        assert done.exit_code == ExitCode.USAGE
        assert (tmp_path / "r.html").read_text(encoding="utf-8") == "old"


def many(count: int) -> Iterator[PageResult]:
    """Pages with a field each, of all statuses."""
    statuses: tuple[Status, ...] = ("ok", "empty", "review", "error")
    for number in range(count):
        status = statuses[number % 4]
        field = FieldResult(f"f{number % 7}", "ok", f"{number}", number % 89 / 100)
        if status != "ok":
            field = replace(field, status=status, message=HOSTILE)
        page = PageResult(PageRef(f"{number}{HOSTILE}.png", 1), (field,))
        yield replace(page, pictures=(base64.b64decode(PIXEL),))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium is installed")
class TestBrowser:
    def dom(self, folder: Path, results: Iterator[PageResult], then: str = "") -> str:
        """The document as it stands after a moment; `then` is run by a copy that allows it."""
        text = report(list(results))
        if then:
            text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
            after = f"<script>addEventListener('load', () => {{ {then} }})</script></body>"
            text = text.replace("</body>", after)
        file = folder / "report.html"
        file.write_text(text, encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += ["--window-size=1200,800", "--virtual-time-budget=3000", file.as_uri()]
        command += [f"--user-data-dir={folder / 'profile'}"]
        done = subprocess.run(command, capture_output=True, timeout=300, check=True)
        shown = done.stdout.decode()
        return re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)

    def test_what_needs_a_person_comes_first(self, tmp_path: Path) -> None:
        """Errors, then reviews; of thousands only those in sight; hostile names run nothing."""
        shown = self.dom(tmp_path, many(6000))
        rows = re.findall(
            r'<div class="row.*?</small><div class="reason">.*?</div></div></div>', shown, re.DOTALL
        )
        assert 5 < len(rows) < 40
        assert all('class="status error"' in row for row in rows)
        assert "6,000 of 6,000 rows" in shown
        assert "<title>digitbatch report</title>" in shown
        assert not re.search(r"<img [^>]*onerror", shown)
        assert 'src="data:image/webp;base64,' in shown

    def test_keys_and_filters(self, tmp_path: Path) -> None:
        """2 shows what is for review, a search narrows it, j moves on, Enter opens the field."""
        keys = """
          const key = (k) => document.dispatchEvent(new KeyboardEvent('keydown', {key: k}));
          key('2');
          const search = document.getElementById('search');
          search.value = '100'; search.dispatchEvent(new Event('input'));
          key('j'); key('Enter');"""
        shown = self.dom(tmp_path, many(1100), keys)
        assert re.search(r">\d+ of 1,100 rows<", shown)
        assert 'class="status error"' not in shown
        chosen = re.search(r'<div class="row chosen"[^>]*aria-posinset="(\d+)"', shown)
        assert chosen is not None
        assert chosen.group(1) == "2"
        assert '<dialog id="large" aria-label="One field" open=""' in shown
