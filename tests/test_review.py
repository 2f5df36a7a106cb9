"""`digitbatch review`: who may ask, what is asked, and that nothing which was said gets lost."""

import csv
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from digitbatch.acceptance.binomial import upper_bound
from digitbatch.app.journal.journal import journal_beside
from digitbatch.cli import app
from digitbatch.config import Config
from digitbatch.config.file import load_config
from digitbatch.corrections import CorrectionLog, corrections_beside
from digitbatch.errors import ExitCode, UsageError
from digitbatch.review.field_review import FieldReview
from digitbatch.review.review import Review
from digitbatch.review.rules import Rules, cleaned
from digitbatch.scoring import load_results, load_truth
from digitbatch.scoring.confidence_fit import verified_fields
from digitbatch.types import Image
from tests.made_review import MadeField, MadeResults, made_results
from tests.served_review import TOKEN, ServedReview, served

JSON = "application/json"


def results(folder: Path, fields: int = 3, pages: int = 2) -> MadeResults:
    """Pages of fields for review, all texts different."""
    texts = [f"{number:04d}" for number in range(1000, 1000 + fields * pages)]
    made = [[MadeField(text) for text in texts[at::pages]] for at in range(pages)]
    return made_results(folder, made)


def said(made: MadeResults) -> dict[tuple[str, str], str | None]:
    """What stands in the log, by file and field."""
    found = CorrectionLog(corrections_beside(made.output)).read()
    return {(one.file, one.field): one.text for one in found}


def grey(content: bytes) -> Image:
    """A picture as the browser gets it."""
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


class TestWhoMayAsk:
    """Only the browser of who has the printed address."""

    def test_without_the_token_nothing_is_answered(self, tmp_path: Path) -> None:
        """Neither the page nor a picture nor a call, whatever stands in the token's place."""
        with served(results(tmp_path).output) as page:
            for token in ("", "x", TOKEN[:-1], TOKEN + "x", "%00", TOKEN.upper()):
                for path in ("", "main.js", "picture/0", "api/state"):
                    reply = page.send("GET", f"/{token}/{path}")
                    assert reply.status == 403, (token, path)
                    assert TOKEN.encode() not in reply.content
            assert page.send("GET", f"/{TOKEN}/").status == 200

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80", ""])
    def test_another_name_of_this_machine_is_refused(self, tmp_path: Path, host: str) -> None:
        """DNS rebinding: a page whose name points here has the token of nobody, nor this Host."""
        with served(results(tmp_path).output) as page:
            assert page.send("GET", f"/{TOKEN}/", Host=host).status == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
        ],
    )
    def test_other_pages_are_refused(self, tmp_path: Path, headers: dict[str, str]) -> None:
        """Also where they know the token."""
        with served(results(tmp_path).output) as page:
            reply = page.send("POST", f"/{TOKEN}/api/state", "{}", content_type=JSON, **headers)
            assert reply.status == 403
            own = {"Origin": f"http://127.0.0.1:{page.port}", "Sec_Fetch_Site": "same-origin"}
            allowed = page.send("POST", f"/{TOKEN}/api/state", "{}", content_type=JSON, **own)
            assert allowed.status == 200

    def test_a_form_of_another_page_cannot_post(self, tmp_path: Path) -> None:
        """What a form can send is no JSON; nothing is kept of it."""
        made = results(tmp_path)
        with served(made.output) as page:
            body = json.dumps({"field": 0, "text": "1", "window": "w"})
            for kind in ("text/plain", "application/x-www-form-urlencoded"):
                reply = page.send("POST", f"/{TOKEN}/api/answer", body, content_type=kind)
                assert reply.status == 403
        assert not said(made)

    def test_the_page_runs_nothing_but_its_own(self, tmp_path: Path) -> None:
        """Every answer forbids frames and foreign scripts, and is kept by no cache."""
        with served(results(tmp_path).output) as page:
            for reply in (page.get(""), page.get("none"), page.send("GET", "/")):
                policy = reply.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert reply.headers["cache-control"] == "no-store"
                assert reply.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        "path", ["../review.py", "..%2freview.py", "%2e%2e/serve.py", "review.py", "page/main.js"]
    )
    def test_only_the_pages_own_files_are_given_out(self, tmp_path: Path, path: str) -> None:
        """No path leads out of the folder of the page."""
        with served(results(tmp_path).output) as page:
            assert page.get(path).status in (403, 404)

    @pytest.mark.parametrize(
        "body", ["", "[]", "{", '{"field": "0"}', '{"field": true}', '{"field": 99}', "[" * 9999]
    )
    def test_nonsense_is_told_and_changes_nothing(self, tmp_path: Path, body: str) -> None:
        """Whatever is sent to a call, it is answered with what was expected."""
        made = results(tmp_path)
        with served(made.output) as page:
            reply = page.send("POST", f"/{TOKEN}/api/answer", body, content_type=JSON)
            assert reply.status == 400
            assert reply.json["error"]
        assert not said(made)


class TestFields:
    """One field after another."""

    def test_pages_of_fields_are_all_fields_once(self, tmp_path: Path) -> None:
        """However many are asked for, all fields come, each once, in the order of the outputs."""
        made = results(tmp_path, fields=5, pages=4)
        with served(made.output) as page:
            for count in (1, 3, 50):
                found: list[str] = []
                after = -1
                while fields := page.ask("next", view="review", after=after, count=count)["fields"]:
                    found += [one["text"] for one in fields]
                    after = fields[-1]["field"]
                assert found == [one.read for one in made.fields]

    def test_what_is_said_is_in_the_log_before_the_reply(self, tmp_path: Path) -> None:
        """A reply of 200 means: kept, whatever happens to the process afterwards."""
        made = results(tmp_path)
        with served(made.output) as page:
            for number, text in enumerate(["7", "", "12 3", "3,5", "4?"]):
                page.ask("answer", field=number, text=text)
                last = list(CorrectionLog(corrections_beside(made.output)).read())[-1]
                assert last.text == {"3,5": "3.5", "4?": None}.get(text, text)
                assert (last.by, last.mode, last.read) == ("ann", "field", made.fields[number].read)
            state = page.ask("state")
        assert (state["left"], state["verified"]) == (1, 5)

    @pytest.mark.parametrize("text", ["x", "12a", "-1", "1.2.3", "1e5", "12?x", "٣"])
    def test_what_is_no_number_is_not_kept(self, tmp_path: Path, text: str) -> None:
        """A field holds digits; a slip of the finger is told."""
        made = results(tmp_path)
        with served(made.output) as page:
            reply = page.post("answer", field=0, text=text)
            assert (reply.status, "digits" in reply.json["error"]) == (400, True)
        assert not said(made)

    def test_undo_goes_back_step_by_step(self, tmp_path: Path) -> None:
        """Each undo of a window takes back its last answer alone, down to none."""
        made = results(tmp_path)
        with served(made.output) as page:
            page.ask("answer", field=0, text="1")
            page.ask("answer", field=0, text="2")
            page.ask("answer", field=1, text="3")
            page.ask("answer", field=2, text="4", window="two")
            assert page.ask("undo") == {"undone": [1]}
            assert page.ask("undo") == {"undone": [0]}
            assert page.ask("field", field=0)["mine"] == "1"
            assert page.ask("undo") == {"undone": [0]}
            assert page.ask("undo") == {"undone": []}
            assert page.ask("state")["verified"] == 1
        assert list(said(made).values()) == ["4"]

    def test_a_new_start_goes_on(self, tmp_path: Path) -> None:
        """What was verified is not asked again, what was taken back is."""
        made = results(tmp_path)
        with served(made.output) as page:
            page.ask("answer", field=0, text="1")
            page.ask("answer", field=1, text="2")
            page.ask("undo")
        with served(made.output) as page:
            fields = page.ask("next", view="review", after=-1, count=50)["fields"]
            assert [one["field"] for one in fields] == [1, 2, 3, 4, 5]
            assert page.ask("field", field=0)["mine"] == "1"

    def test_two_windows_do_not_get_the_same_field(self, tmp_path: Path) -> None:
        """While one has a field in hand, the other gets the next one."""
        with served(results(tmp_path).output) as page:
            first = page.ask("next", view="review", after=-1, count=2)["fields"]
            other = page.ask("next", view="review", after=-1, count=9, window="two")["fields"]
            both = [one["field"] for one in (*first, *other)]
            assert sorted(both) == list(range(6))

    def test_two_processes_see_what_each_other_says(self, tmp_path: Path) -> None:
        """Two people review one output at a time, each with a server of their own."""
        made = results(tmp_path)
        with served(made.output) as page, served(made.output, by="bob") as other:
            page.ask("answer", field=0, text="1")
            other.ask("answer", field=1, text="2")
            assert page.ask("state")["verified"] == other.ask("state")["verified"] == 2
            second = other.ask("next", view="second", after=-1, count=9)["fields"]
            assert [one["field"] for one in second] == [0]

    def test_disagreements_are_listed_until_they_are_settled(self, tmp_path: Path) -> None:
        """Two people who say different things; blanks are no difference."""
        made = results(tmp_path)
        with served(made.output) as page, served(made.output, by="bob") as other:
            for field, texts in enumerate([("1", "1"), ("12", "1 2"), ("3", "4"), ("", "5")]):
                page.ask("answer", field=field, text=texts[0])
                other.ask("answer", field=field, text=texts[1])
            page.ask("state")
            found = page.ask("disagreements", after=-1)
            assert [one["field"] for one in found["fields"]] == [2, 3]
            assert found["fields"][0]["others"] == [{"by": "bob", "text": "4"}]
            page.ask("settle", field=2, text="4")
            page.ask("settle", field=3, text="6")
            assert page.ask("disagreements", after=-1)["count"] == 0
            assert other.ask("state")["disagreements"] == 0
            page.ask("undo")
            assert other.ask("state")["disagreements"] == 1

    def test_digits_in_doubt_are_marked_where_they_are(self, tmp_path: Path) -> None:
        """The page gets each digit's doubt, runners-up and place in the picture."""
        made = made_results(tmp_path, [[MadeField("12", sure=0.5), MadeField("34", sure=0.999)]])
        with served(made.output) as page:
            doubtful, sure = page.ask("next", view="review", after=-1, count=2)["fields"]
            assert [one["doubtful"] for one in doubtful["digits"]] == [True, True]
            assert [one["doubtful"] for one in sure["digits"]] == [False, False]
            assert doubtful["digits"][0]["runners_up"] == ["2"]
            left, top, right, bottom = doubtful["digits"][1]["place"]
            assert 0 < left < right < 1
            assert 0 < top < bottom < 1
            picture = grey(page.get("picture/0").content)
            height, width = picture.shape
            place = picture[int(top * height) : int(bottom * height), int(left * width) :]
            assert place[:, : int((right - left) * width)].min() < 120  # the 2 stands there

    def test_rules_are_checked_at_once(self, tmp_path: Path) -> None:
        """Digits, list, pattern, check digit and sums of the run's configuration, in words."""
        (tmp_path / "known.txt").write_text("17\n42\n")
        place = "box: [0.1, 0.1, 0.2, 0.2]"
        file = tmp_path / "pipeline.yaml"
        file.write_text(
            f"fields:\n- {{name: net, {place}, digits: [1, 3]}}\n- {{name: tax, {place}}}\n"
            f"- {{name: total, {place}}}\n- {{name: code, {place}, values: known.txt}}\n"
            f"- {{name: card, {place}, check: luhn}}\n"
            f"- {{name: year, {place}, pattern: '20[0-9]+'}}\n"
            "rules: [net + tax = total]\n"
        )
        texts = ["10", "5", "16", "17", "79927398713", "2024"]
        made = made_results(
            tmp_path / "run", [[MadeField(text) for text in texts]], load_config(file), file,
            ["net", "tax", "total", "code", "card", "year"],
        )  # fmt: skip
        with served(made.output) as page:

            def broken(field: int, text: str) -> str:
                return "; ".join(page.ask("check", field=field, text=text)["broken"])

            assert "1 to 3 digits" in broken(0, "1234")
            assert broken(0, "11") == ""
            assert "net + tax = total" in broken(2, "16")
            assert "known.txt" in broken(3, "18")
            assert "Luhn" in broken(4, "79927398710")
            assert broken(4, "79927398713") == ""
            assert "pattern" in broken(5, "1999")
            assert broken(5, "?") == broken(5, "") == ""
            page.ask("answer", field=1, text="6")
            assert broken(2, "16") == ""  # what was said of the tax counts

    def test_rules_of_another_configuration_are_not_checked(self, tmp_path: Path) -> None:
        """They would blame texts that are right; the page says so."""
        file = tmp_path / "other.yaml"
        file.write_text("fields:\n- {name: line-01, box: [0, 0, 1, 1], digits: 9}\n")
        with served(results(tmp_path / "run").output, config=file) as page:
            assert page.ask("check", field=0, text="1")["broken"] == []
            assert "--config" in page.ask("state")["warnings"][0]


class TestScans:
    """Pictures come from the scans, and only from those that were read."""

    def test_a_missing_scan_is_told(self, tmp_path: Path) -> None:
        """All else goes on, also the answer."""
        made = results(tmp_path)
        (made.scans / "page-0001.png").unlink()
        with served(made.output) as page:
            reply = page.get("picture/0")
            assert reply.status == 404
            assert "--scans" in reply.json["error"]
            assert page.get("picture/3").status == 200
            page.ask("answer", field=0, text="1")
            digits = page.ask("digits", text="1", accepted=False, after=0, count=9)["digits"]
            assert page.get(f"sheet/{digits[0]['digit']}").status == 200

    def test_moved_scans_are_found_where_they_are_said_to_be(self, tmp_path: Path) -> None:
        """Another date of a file with the same content is no change."""
        made = results(tmp_path)
        moved = made.scans.rename(tmp_path / "moved")
        os.utime(moved / "page-0001.png")
        with served(made.output, scans=moved) as page:
            assert page.get("picture/0").status == 200
            assert page.get("picture/0/around").status == 200

    def test_other_ink_is_never_shown(self, tmp_path: Path) -> None:
        """A scan that was replaced is not the one whose text stands beside it."""
        made = results(tmp_path)
        other = (made.scans / "page-0002.png").read_bytes()
        (made.scans / "page-0001.png").write_bytes(other)
        with served(made.output) as page:
            reply = page.get("picture/0")
            assert reply.status == 404
            assert "changed" in reply.json["error"]


class TestDigits:
    """All of a digit side by side."""

    def made(self, folder: Path) -> MadeResults:
        fields = [
            MadeField("77", sure=0.6),
            MadeField("17", sure=0.9),
            MadeField("71", status="ok", sure=0.999),
            MadeField("97", reasons=("left-out",), sure=0.8),
        ]
        return made_results(folder, [fields])

    def digits(self, page: ServedReview, text: str, accepted: bool = False) -> list[int]:
        reply = page.ask("digits", text=text, accepted=accepted, after=0, count=100)
        return [one["digit"] for one in reply["digits"]]

    def test_the_most_doubtful_come_first(self, tmp_path: Path) -> None:
        """Those of fields for review; with accepted ones where they are asked for."""
        with served(self.made(tmp_path).output) as page:
            found = page.ask("digits", text="7", accepted=False, after=0, count=100)["digits"]
            assert [one["confidence"] for one in found] == [0.6, 0.6, 0.8, 0.9]
            assert len(self.digits(page, "7", accepted=True)) == 5
            assert page.ask("digit-counts", accepted=False)["left"][7] == 4
            assert page.ask("digit-counts", accepted=True)["left"][7] == 5

    def test_a_field_is_verified_when_all_of_its_digits_are(self, tmp_path: Path) -> None:
        """Not before; a digit that was retyped changes its text."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            sevens = self.digits(page, "7")
            of_field = {
                one["digit"]: one["field"]
                for one in page.ask("digits", text="7", accepted=False, after=0, count=9)["digits"]
            }
            first, second = (one for one in sevens if of_field[one] == 0)
            assert page.ask("mark-digits", marks={first: "7"})["verified"] == 0
            assert first not in self.digits(page, "7")
            assert page.ask("field", field=0)["digits"][0]["seen"] == "7"
            assert page.ask("mark-digits", marks={second: "2"})["verified"] == 1
        log = CorrectionLog(corrections_beside(made.output)).read()
        assert [(one.text, one.mode) for one in log] == [("72", "class")]

    def test_confirmed_digits_outlive_the_server(self, tmp_path: Path) -> None:
        """A field half of whose digits were seen is not begun anew; an undo is one, too."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            sevens = self.digits(page, "7")
            page.ask("mark-digits", marks={sevens[0]: "7"})
            page.ask("mark-digits", marks={sevens[1]: "7"})
            page.ask("undo")
        with served(made.output) as page:
            assert self.digits(page, "7") == sevens[1:]

    def test_ink_beside_digits_keeps_a_field_for_review(self, tmp_path: Path) -> None:
        """A crop shows no ink that was left out: such a field is looked at as a whole."""
        with served(self.made(tmp_path).output) as page:
            marks = {str(one): "7" for one in self.digits(page, "7")}
            marks |= {str(one): "9" for one in self.digits(page, "9")}
            marks |= {str(one): "1" for one in self.digits(page, "1")}
            assert page.ask("mark-digits", marks=marks)["verified"] == 2
            left = page.ask("next", view="review", after=-1, count=9)["fields"]
            assert [one["text"] for one in left] == ["97"]

    def test_sheets_have_a_tile_for_each_digit(self, tmp_path: Path) -> None:
        """In the order in which they were asked for."""
        with served(self.made(tmp_path).output) as page:
            sevens = self.digits(page, "7")
            reply = page.get(f"sheet/{','.join(map(str, sevens))}")
            sheet = grey(reply.content)
            assert sheet.shape == (56, 56 * len(sevens))
            assert all(tile.min() < 120 for tile in np.hsplit(sheet, len(sevens)))
            for wrong in ("", "x", "99", "-1", ",".join(["0"] * 65)):
                assert page.get(f"sheet/{wrong}").status in (400, 404)


class TestBlind:
    """A random sample of accepted fields, typed without showing what was read."""

    def made(self, folder: Path) -> MadeResults:
        texts = [str(100 + 977 * number % 900) for number in range(40)]
        fields = [MadeField(text, status="ok", sure=0.999) for text in texts]
        pages = [fields[at : at + 5] for at in range(0, 40, 5)]
        pages[0].append(MadeField("555"))
        return made_results(folder, pages)

    def test_what_was_read_is_not_sent(self, tmp_path: Path) -> None:
        """Nothing of the reading is in what the browser gets before the field is typed."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            for skip in range(40):
                field = page.ask("blind-next", skip=skip)["field"]
                assert set(field) == {"field", "file", "page", "name", "picture", "place"}
            assert page.ask("blind-next", skip=40)["field"] is None

    def test_the_sample_is_random_and_stays(self, tmp_path: Path) -> None:
        """Not in the order of the pages, and gone on with by a later start."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            order = [page.ask("blind-next", skip=n)["field"]["field"] for n in range(40)]
        assert sorted(order) != order
        with served(made.output, by="bob") as page:
            again = [page.ask("blind-next", skip=n)["field"]["field"] for n in range(40)]
        assert again == order

    def test_a_difference_is_typed_twice_before_it_counts(self, tmp_path: Path) -> None:
        """A slip of the finger is no error; the bound is Clopper and Pearson's."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            for at in range(10):
                number = page.ask("blind-next", skip=0)["field"]["field"]
                right = made.fields[number].read
                if at < 2:
                    first = page.ask("blind-answer", field=number, text="1", again=False)
                    assert first == {"again": True}
                    assert not said(made).get(("x", "x"))
                text = "1" if at == 0 else right
                page.ask("blind-answer", field=number, text=text, again=at < 2)
            shown = page.ask("blind-state")
            assert (shown["typed"], shown["wrong"]) == (10, 1)
            assert shown["bound"] == upper_bound(1, 10)
            assert upper_bound(1, shown["typed"] + shown["more"]) <= shown["max_error"]

    def test_calibrate_reads_what_was_typed(self, tmp_path: Path) -> None:
        """The two tables are truth and results of the same fields."""
        made = self.made(tmp_path)
        with served(made.output) as page:
            for at in range(12):
                number = page.ask("blind-next", skip=0)["field"]["field"]
                text = "1" if at == 3 else made.fields[number].read
                page.ask("blind-answer", field=number, text=text, again=True)
            truth, as_read = tmp_path / "truth.csv", tmp_path / "as-read.csv"
            truth.write_bytes(page.get("blind/truth.csv").content)
            as_read.write_bytes(page.get("blind/as-read.csv").content)
        verified = verified_fields(load_truth(truth), load_results(as_read))
        assert len(verified) == 12
        assert sum(not right for _, right in verified) == 1
        with truth.open(newline="") as file:
            assert next(csv.reader(file)) == ["file", "page", "field", "text"]


class TestRules:
    """What a person may type."""

    @pytest.mark.parametrize(
        ("typed", "text"),
        [(" 1  2 ", "1 2"), ("1,5", "1.5"), ("", ""), ("1?", None), ("?", None), ("007", "007")],
    )
    def test_texts_are_cleaned(self, typed: str, text: str | None) -> None:
        """Blanks are single, a comma is a point, and what nobody can read is no text."""
        assert cleaned(typed) == text

    def test_without_zones_there_is_no_rule(self) -> None:
        """Lines obey whatever is written on them."""
        assert Rules(Config()).broken("line-01", "123", {}) == []


class TestCommand:
    """`digitbatch review` itself."""

    def start(self, made: MadeResults) -> tuple["subprocess.Popen[str]", str]:
        command = [sys.executable, "-m", "digitbatch", "review", str(made.output), "--no-browser"]
        process = subprocess.Popen(
            [*command, "--as", "eve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def answer(self, address: str, field: int, text: str) -> int:
        _, _, host, token, _ = address.split("/")
        connection = http.client.HTTPConnection(host, timeout=30)
        body = json.dumps({"field": field, "text": text, "window": "w"})
        connection.request("POST", f"/{token}/api/answer", body, {"content-type": JSON})
        status = connection.getresponse().status
        connection.close()
        return status

    def test_a_killed_server_loses_nothing_that_it_confirmed(self, tmp_path: Path) -> None:
        """Killed right after a reply; started again, it goes on, and Ctrl-C ends it with 0."""
        made = results(tmp_path)
        process, address = self.start(made)
        assert address.startswith("http://127.0.0.1:")
        for field in range(3):
            assert self.answer(address, field, str(field)) == 200
        process.kill()
        process.communicate()
        assert list(said(made).values()) == ["0", "1", "2"]
        process, second = self.start(made)
        assert second != address  # the token at least
        assert self.answer(second, 3, "3") == 200
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (ExitCode.OK, "")
        assert len(said(made)) == 4

    def test_what_is_no_output_is_told(self, tmp_path: Path) -> None:
        """With the file that is looked for."""
        outcome = CliRunner().invoke(app, ["review", str(tmp_path / "none.csv"), "--no-browser"])
        assert outcome.exit_code == ExitCode.USAGE

    def test_without_the_extra_it_says_how_to_install_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command to type, and exit code 2."""
        from digitbatch.review.serve import serve

        made = results(tmp_path)
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        with pytest.raises(UsageError, match="pip install starlette uvicorn"):
            serve(made.output, browser=False)

    def test_a_name_that_no_table_can_hold_is_refused(self, tmp_path: Path) -> None:
        """Before anything is typed, not at the first answer."""
        with pytest.raises(UsageError, match="--as"):
            Review(results(tmp_path).output, by="ann, bob")

    def test_a_taken_port_is_told(self, tmp_path: Path) -> None:
        """With what to do about it."""
        from digitbatch.review.serve import serve

        made = results(tmp_path)
        with served(made.output) as page, pytest.raises(UsageError, match="--port"):
            serve(made.output, port=page.port, browser=False)


def test_journals_of_many_fields_are_answered_at_once(tmp_path: Path) -> None:
    """Of 4,000 fields as of few: a page of them takes no time that a person sees."""
    made = results(tmp_path, fields=100, pages=40)
    with Review(made.output, by="ann") as review:
        assert isinstance(review.fields, FieldReview)
        start = time.perf_counter()
        for after in range(0, 4000, 400):
            assert len(review.fields.next_fields("review", after, 6, "w")["fields"]) == 6
        assert time.perf_counter() - start < 5
    assert journal_beside(made.output).stat().st_size > 100_000
