"""After a promotion or a changed key, what is known is refused, kept, or read anew."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from digitbatch.app.journal.binding import Binding
from digitbatch.app.plan import load_plan, plan_words
from digitbatch.config import Config
from digitbatch.errors import ConfigError
from tests.fake_readers import RaiseOn
from tests.kept_runs import KeptRun, scan
from tests.made_results import META

ROOT = Path(__file__).resolve().parent.parent
OTHER = replace(META, model_hash="sha256:other")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptRun:
    """A folder with one scan, read once; then come other weights and another scan."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody cuts the power
    scans, folder = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    folder.mkdir()
    scan(scans / "a.tif", 10)
    kept = KeptRun(folder, scans)
    kept()
    scan(scans / "b.tif", 20)
    kept.meta = OTHER
    return kept


def rows(run: KeptRun) -> list[dict[str, str]]:
    """The CSV."""
    return list(csv.DictReader(run.outputs[0].read_text(encoding="utf-8").splitlines()))


def weights(run: KeptRun) -> list[str]:
    """Of each row of the CSV: the weights that its cell names."""
    return [row["read_by"].split()[1] for row in rows(run)]


def test_keep(run: KeptRun) -> None:
    """New scans are read in the new way, known ones stay, and every row says by which it was."""
    run(on_change="keep")
    assert run.read == [("b.tif", 1)]
    assert weights(run) == [META.model_hash[:12], OTHER.model_hash[:12]]
    document = json.loads(run.outputs[1].read_text(encoding="utf-8"))
    lines = [json.loads(line) for line in run.outputs[2].read_text(encoding="utf-8").splitlines()]
    for pages in (document["pages"], lines):
        assert [page["read_by"]["model_hash"] for page in pages] == [
            META.model_hash,
            OTHER.model_hash,
        ]
        assert {page["read_by"]["config_hash"] for page in pages} == {META.config_hash}


def test_the_next_night_needs_no_flag(run: KeptRun) -> None:
    """The new way is the journal's from then on, and what came before keeps its own."""
    run(on_change="keep")
    before = run.content()
    run()
    assert (run.read, run.content()) == ([], before)
    (run.scans / "a.tif").rename(run.scans / "c.tif")
    run(on_change="keep")
    assert [row["file"] for row in rows(run)] == ["b.tif", "c.tif"]
    assert weights(run) == [OTHER.model_hash[:12], META.model_hash[:12]]
    run.meta = META
    with pytest.raises(ConfigError):
        run()


def test_fresh(run: KeptRun) -> None:
    """All is read anew where something changed, and only there; nothing is mixed then."""
    run(on_change="fresh")
    assert run.read == [("a.tif", 1), ("b.tif", 1)]
    assert "read_by" not in rows(run)[0]
    assert b"read_by" not in b"".join(run.content())
    run(on_change="fresh")
    assert run.read == []


def test_failed_files_are_tried_again_in_the_new_way(run: KeptRun) -> None:
    """With --retry-failed, rows that are read again say so too."""
    scan(run.scans / "c.tif", 1)
    run.make_reader = RaiseOn()
    run(on_change="keep")
    run.meta = replace(OTHER, model_hash="sha256:third")
    run(on_change="keep", retry_failed=True)
    assert weights(run)[1:] == [OTHER.model_hash[:12], "sha256:third"[:12]]


def test_a_file_in_hand_is_read_in_one_way(run: KeptRun) -> None:
    """One of which some pages were read by other weights begins again: no file is mixed."""
    run.meta = META
    scan(run.scans / "b.tif", 20, 21)
    run(stop=lambda: True, outputs_when_stopped=True)
    assert run.read == [("b.tif", 1)]
    run.meta = OTHER
    run(on_change="keep")
    assert run.read == [("b.tif", 1), ("b.tif", 2)]
    assert weights(run) == [META.model_hash[:12], *[OTHER.model_hash[:12]] * 2]


def test_a_journal_of_another_format_is_not_mixed(tmp_path: Path) -> None:
    """What cannot be read back cannot be kept either."""
    from digitbatch.app.journal.journal import Journal

    def open_as(format_number: int, **how: Any) -> None:
        binding = Binding("a", "b", "c", "d", "e", journal=format_number)
        with Journal(tmp_path / "r.csv.digitbatch-journal", binding, **how):
            pass

    open_as(1)
    with pytest.raises(ConfigError, match="the format of journals was 1 and is 2"):
        open_as(2, on_change="keep")
    open_as(2, on_change="fresh")


def said(then: Config, now: Config) -> str:
    """What a refusal says of two configurations."""
    first, second = (
        Binding(c.fingerprint(), "m", "l", "i", "c", about=plan_words(load_plan(c, None)))
        for c in (then, now)
    )
    with pytest.raises(ConfigError) as refused:
        second.check(json.loads(json.dumps(first.to_json())), Path("r.csv"))
    return str(refused.value)


ZONES = {"fields": [{"name": "total", "box": [0.1, 0.1, 0.3, 0.2], "pattern": "5"}]}


def test_a_refusal_names_the_key_and_both_values() -> None:
    """Never a hash alone; zones go by their names; and it says how to go on."""
    then = Config.model_validate(ZONES)
    stricter = then.model_copy(update={"review": then.review.model_copy(update={"max_error": 0.1})})
    message = said(then, stricter)
    assert f"review.max_error was {then.review.max_error} and is 0.1" in message
    assert "--on-change keep" in message
    moved = Config.model_validate(
        {"fields": [{**ZONES["fields"][0], "box": [0.1, 0.1, 0.3, 0.25]}]}
    )
    assert "fields[total].box was [0.1, 0.1, 0.3, 0.2] and is [0.1, 0.1, 0.3, 0.25]" in said(
        then, moved
    )
    assert "fields[total].pattern was 5 and is not given" in said(then, Config())


def test_a_refusal_names_weights_by_their_folders() -> None:
    """A promotion is told by where both weights lie."""
    about = {"model": "cnn of /opt/old"}, {"model": "cnn of /home/new"}
    before = Binding("c", "a" * 64, "l", "i", "c", about=about[0]).to_json()
    found = Binding("c", "b" * 64, "l", "i", "c", about=about[1]).differences(before)
    assert found == [
        "the model was cnn of /opt/old (aaaaaaaaaaaa...) and is cnn of /home/new (bbbbbbbbbbbb...)"
    ]


def test_the_contract_has_it(run: KeptRun) -> None:
    """What a page was read by is in JSON as the schema says."""
    schema = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    run(on_change="keep")
    document = json.loads(run.outputs[1].read_text(encoding="utf-8"))
    contract = {"$ref": "#/$defs/read_by", "$defs": schema["$defs"]}
    for page in document["pages"]:
        jsonschema.validate(page["read_by"], contract)
