"""pipeline.yaml: what is accepted, what is refused and in which words, what the plan says."""

import json
import os
import re
from contextlib import suppress
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from digitbatch.config import Config, Zone, packaged_stages
from digitbatch.config import docs as config_docs
from digitbatch.config.file import find_config, load_config, parse_config, plan_lines, schema
from digitbatch.config.problems import keys_of
from digitbatch.errors import ConfigError, DigitbatchError, UsageError
from digitbatch.packaged import default_model, packaged_file
from digitbatch.page.preparation import is_reduced, prepare_sheet
from digitbatch.stages import STAGES
from digitbatch.stages.base import PageStage, Sheet, Situation
from digitbatch.stages.chain import op_of
from digitbatch.stages.crops import Contours, MnistCenter
from digitbatch.stages.geometry import Resize
from digitbatch.stages.levels import InkLevels
from digitbatch.types import Page, PageRef

CHECKOUT = Path(__file__).parents[1]
ZONE = "- {name: score, box: [0.1, 0.2, 0.5, 0.25]}"
TAIL = "  - op: contours\n  - op: mnist_center\n"


def problem(text: str) -> str:
    """What is said about a file that is wrong, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    message = str(caught.value)
    assert message.startswith("pipeline.yaml: ")
    return message.removeprefix("pipeline.yaml: ")


# What is accepted


@pytest.mark.parametrize("text", ["", "# nothing\n", "fields:\n", "{}", "stages:\nreview:\n"])
def test_every_key_may_be_left_out(text: str) -> None:
    """An empty file is the packaged chain; a key with nothing after it counts as left out."""
    assert parse_config(text) == Config()
    assert Config().stages == packaged_stages()


def test_file_with_only_fields_is_complete() -> None:
    """Zones alone are valid, and everything else has its default."""
    config = parse_config(f"fields:\n  {ZONE}\n  - {{name: a b, box: [0, 0, 1, 1], digits: 8}}")
    assert config.fields[0] == Zone(name="score", box=(0.1, 0.2, 0.5, 0.25))
    assert config.fields[1].digits == (8, 8)
    assert config.stages == Config().stages


def test_digits_are_a_number_or_a_range() -> None:
    """8 is exactly eight, [0, 3] is none to three; left out is any number."""
    text = "fields:\n- {name: a, box: [0, 0, 1, 1], digits: [0, 3], pages: [2, 5]}"
    zone = parse_config(text).fields[0]
    assert (zone.digits, zone.pages) == ((0, 3), (2, 5))
    assert parse_config(f"fields: [{ZONE[2:]}]").fields[0].digits is None


def test_packaged_file_holds_the_defaults() -> None:
    """What pipeline.yaml shows is what holds where a key, or a stage's parameter, is left out."""
    shown = load_config(CHECKOUT / "pipeline.yaml")
    assert shown == Config()
    assert shown.model is None
    for stage in shown.stages:
        assert stage == type(stage)()


def test_packaged_file_explains_every_key() -> None:
    """Each key at the top and each parameter of its stages stands in the file, with a comment."""
    text = (CHECKOUT / "pipeline.yaml").read_text(encoding="utf-8")
    for key in Config.model_fields:
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), key
    for op, stage in STAGES.items():
        assert op in text
        if f"op: {op}\n" in text:
            for name in (key.name for key in keys_of(stage) if key.default != "left out"):
                assert re.search(rf"^ +{name}: .* # ", text, re.MULTILINE), name


def test_numbers_are_read_as_people_write_them() -> None:
    """200_000_000 and 1e-1 are numbers, 010 is ten, and a date or a time is text."""
    text = "input: {max_pixels: 200_000_000, pdf_dpi: 0150}\nreview: {max_error: 9e-3}\n"
    config = parse_config(text + "fields:\n- {name: 2024-01-01, box: [0, 0, 1, 1]}")
    assert (config.input.max_pixels, config.input.pdf_dpi) == (200_000_000, 150)
    assert config.review.max_error == 0.009
    assert config.fields[0].name == "2024-01-01"


def test_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    """Files from Windows editors load."""
    content = b"\xef\xbb\xbfversion: 1\r\nfields:\r\n- {name: \xc3\xa9, box: [0, 0, 1, 1]}\r\n"
    assert parse_config(content).fields[0].name == "é"


def test_config_is_made_in_python_as_well() -> None:
    """Stages and zones can be given as objects, and are checked the same."""
    config = Config(stages=(*Config().page_stages, Contours(), MnistCenter(inner_px=18)))
    assert config.normalizer == MnistCenter(inner_px=18)
    with pytest.raises(ValidationError, match="takes a mask image but gets an ink one"):
        Config(stages=(InkLevels(), Contours(), MnistCenter()))


# What is refused: each with its place and what was expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # keys
        ("feilds: []", "line 1: feilds: unknown key; did you mean fields?"),
        (
            "version: 1\nnonsense: 2",
            "line 2: nonsense: unknown key; expected one of version, stages, input, fields, "
            "tables, rules, template, paper_mm, model, line_model, ink_model, review",
        ),
        (
            "stages:\n  - op: grayscale\n  - op: erosion\n    kernal_px: 3\n",
            "line 4: stages[1].kernal_px: unknown key; did you mean kernel_px?",
        ),
        (
            "stages: [{op: erosion, colour: red}]",
            "line 1: stages[0].colour: unknown key; erosion has kernel_px, shape and iterations",
        ),
        (
            "stages: [{op: invert, level: 3}]",
            "line 1: stages[0].level: unknown key; nothing but op stands here",
        ),
        (
            "fields:\n- {nam: a, box: [0, 0, 1, 1]}",
            "line 2: fields[0].nam: unknown key; did you mean name?",
        ),
        ("fields:\n- name: a", "line 2: fields[0].box: is missing; expected a list of 4 numbers"),
        ("nonsense:", "line 1: nonsense: unknown key"),
        # stages
        (
            "stages:\n- op: erozion",
            "line 2: stages[0]: unknown stage erozion; did you mean erosion?",
        ),
        ("stages: [{px: 3}]", "line 1: stages[0]: the key op, which names the stage, is missing;"),
        (
            "stages: [grayscale]",
            "line 1: stages[0]: expected a mapping, for example `- op: grayscale`, got the text "
            '"grayscale"',
        ),
        ("stages: 3", "line 1: stages: expected a list, got 3"),
        # values
        (
            "stages: [{op: erosion, kernel_px: 0}]",
            "line 1: stages[0].kernel_px: expected a whole number from 2 to 255, got 0",
        ),
        (
            "stages: [{op: erosion, kernel_px: '3'}]",
            'line 1: stages[0].kernel_px: expected a whole number from 2 to 255, got the text "3"',
        ),
        (
            "stages: [{op: erosion, kernel_px: yes}]",
            "line 1: stages[0].kernel_px: expected a whole number from 2 to 255, got yes (which "
            "YAML reads as true)",
        ),
        (
            "stages: [{op: erosion, iterations: 2.5}]",
            "line 1: stages[0].iterations: expected a whole number from 1 to 50, got 2.5",
        ),
        (
            "stages: [{op: deskew, max_angle_deg: .inf}]",
            "line 1: stages[0].max_angle_deg: expected a number above 0 and up to 30, got the text "
            '".inf"',
        ),
        (
            "stages: [{op: threshold, method: sauvole}]",
            "line 1: stages[0].method: expected one of fixed, otsu, adaptive, sauvola, got the "
            'text "sauvole"',
        ),
        (
            "stages:\n- op: threshold\n  method: otsu\n  k: 0.3",
            "line 4: stages[0].k: k belongs to method sauvola, not to otsu; leave it out",
        ),
        (
            "stages: [{op: blur, method: median, kernel_px: 4}]",
            "line 1: stages[0].kernel_px: must be odd, for example 5, got 4",
        ),
        (
            "stages: [{op: resize}]",
            "line 1: stages[0]: give either height_px or scale, and only one of them",
        ),
        ("version: 2", "line 1: version: expected 1, got 2"),
        ("review: 3", "line 1: review: expected a mapping (key: value), got 3"),
        (
            "review: {max_error: 90}",
            "line 1: review.max_error: expected a number above 0 and below 1, got 90",
        ),
        ("input: {pdf_dpi: 9}", "line 1: input.pdf_dpi: expected a whole number from 50 to 1200"),
        ("model: [a]", "line 1: model: expected a path, got ['a']"),
        # zones
        ("fields: {a: 1}", "line 1: fields: expected a list, got a mapping (key: value)"),
        ("fields: [7]", "line 1: fields[0]: expected a mapping (key: value), got 7"),
        ("fields:\n- {name: 01, box: [0, 0, 1, 1]}", 'expected text, got 01; quote it: "01"'),
        ("fields:\n- {name: 1e3, box: [0, 0, 1, 1]}", 'expected text, got 1e3; quote it: "1e3"'),
        (
            "fields:\n- {name: no, box: [0, 0, 1, 1]}",
            "line 2: fields[0].name: expected text, got no (which YAML reads as false); quote it: "
            '"no"',
        ),
        ("fields:\n- {name: , box: [0, 0, 1, 1]}", "fields[0].name: expected text, got nothing"),
        ("fields:\n- {name: ' a', box: [0, 0, 1, 1]}", "expected a name without blanks around it"),
        ('fields:\n- {name: "a\\nb", box: [0, 0, 1, 1]}', "expected a name without line breaks"),
        (
            f"fields:\n  - {{name: b, box: [0, 0, 1, 1]}}\n  {ZONE}\n  {ZONE}",
            "line 4: fields[2].name: 'score' is the name of fields[1] already; names are unique",
        ),
        (
            "fields:\n- {name: a, box: [0.5, 0, 0.4, 1]}",
            "line 2: fields[0].box: expected [left, top, right, bottom] as fractions of the page, "
            "0 <= left < right <= 1 and 0 <= top < bottom <= 1, got [0.5, 0, 0.4, 1]",
        ),
        (
            "fields:\n- {name: a, box: [0, 10, 200, 80]}",
            "got [0, 10, 200, 80]; for millimetres or pixels add unit: mm or unit: px",
        ),
        ("fields:\n- {name: a, box: [0, 0, 1]}", "fields[0].box: expected [left, top, right"),
        ("fields:\n- {name: a, box: [0, 0, 1, [1]]}", "fields[0].box: expected [left, top, right"),
        ("fields:\n- {name: a, box: [0, 0, 1, '1']}", "fields[0].box: expected [left, top, right"),
        (
            "fields:\n- {name: a, box: [0, 0, 1, 1], digits: [3, 1]}",
            "line 2: fields[0].digits: expected how many digits there are, as 8 or as [least, "
            "most], for example [0, 3], got [3, 1]; at most 200",
        ),
        (
            "fields:\n- {name: a, box: [0, 0, 1, 1], digits: 0}",
            "fields[0].digits: expected how many",
        ),
        (
            "fields:\n- {name: a, box: [0, 0, 1, 1], pages: [0]}",
            "line 2: fields[0].pages[0]: expected a whole number from 1, got 0",
        ),
        (
            "fields:\n- {name: a, box: [0, 0, 1, 1], pages: []}",
            "fields[0].pages: expected a list of one or more whole numbers from 1, got []",
        ),
        # the order of the chain
        (
            "stages:\n  - op: erosion\n" + TAIL,
            "line 2: stages[0] (erosion) takes a gray, ink, binary or mask image but gets a color "
            "one; put grayscale or ink_levels before it",
        ),
        (
            "stages:\n  - op: ink_levels\n" + TAIL,
            "line 3: stages[1] (contours) takes a mask image but gets an ink one; put threshold or "
            "hysteresis before it",
        ),
        (
            "stages:\n  - op: grayscale\n",
            "line 1: stages: the segmenter is missing; a chain is page stages, then one "
            "segmenter (contours), then one normalizer (mnist_center)",
        ),
        ("stages: []", "line 1: stages: the segmenter is missing;"),
        ("stages: [{op: contours}]", "stages: the normalizer is missing;"),
        (
            "stages:\n  - op: mnist_center\n  - op: contours\n",
            "line 3: stages[1] (contours) must stand second to last;",
        ),
        (
            "stages:\n  - op: contours\n" + TAIL,
            "line 3: stages[1] (contours) is a second segmenter;",
        ),
        (
            "stages:\n  - op: mnist_center\n" + TAIL,
            "line 4: stages[2] (mnist_center) is a second normalizer;",
        ),
        # YAML
        ("version: 1\nversion: 1", "line 2: the key version stands here again (first on line 1)"),
        ("fields:\n- {name: a, name: b}", "line 2: the key name stands here again"),
        ("1: 2", "line 1: a key must be text, this one 1 is not"),
        ("- 1", "line 1: expected keys such as `fields:` at the top, found something else"),
        ("hello", "line 1: expected keys such as `fields:` at the top"),
        ("model: [a\nb: 2", "line 2: is not valid YAML ("),
        ("model: a: b", "line 1: is not valid YAML (mapping values are not allowed here); quote"),
        ("fields:\n\t- a", "line 2: a tab where YAML wants blanks; indent with blanks"),
        ("version: 1\n---\nversion: 1", "line 2: a second document begins here (---)"),
        ("model: !!python/object/apply:os.system [ls]", "line 1: tags are not read here: leave"),
        ("model: !!str 1", "line 1: tags are not read here: leave"),
        ("model: &a x", "line 1: anchors (&) and aliases (*) are not read here"),
        ("model: *a", "line 1: anchors (&) and aliases (*) are not read here"),
        ("<<: {version: 1}", "line 1: <<: unknown key"),
        ("model: " + "[" * 40, "line 1: nested more than 20 deep"),
        ("version: " + "9" * 5000, "line 1: the number 9999"),
        ("review: {max_error: 1e999}", "line 1: the number 1e999 is too large"),
        ('model: "\\ud800"', "line 1: '\\ud800' holds half of a character (a lone surrogate)"),
        ('model: "\x07"', "is not valid YAML (unacceptable character"),
        ("#" * 250_001, "is 250,001 bytes long; a configuration is under 250 kB"),
    ],
)
def test_wrong_files_are_refused_in_plain_words(text: str, said: str) -> None:
    """Every kind of mistake names its line, its place and what was expected."""
    assert said in problem(text)
    assert "\n" not in problem(text)


def test_files_that_are_not_utf8_are_refused_with_the_line() -> None:
    """An editor that saves in another encoding is told on which line it shows."""
    with pytest.raises(ConfigError, match="line 2: is not UTF-8 text; save the file as UTF-8"):
        parse_config(b"version: 1\nmodel: caf\xe9\n")


def test_all_problems_are_listed_at_once_in_the_order_of_the_file() -> None:
    """Nobody has to load a file ten times to find ten mistakes."""
    text = "version: 3\nstages:\n- op: blurr\n- {op: erosion, shap: x}\nfields:\n- 3\nmodel: 4\n"
    first, *others = problem(text).splitlines()
    assert first == "5 problems"
    assert [re.sub(r"^  line (\d+): ([^:]+):.*", r"\1 \2", line) for line in others] == [
        "1 version",
        "3 stages[0]",
        "4 stages[1].shap",
        "6 fields[0]",
        "7 model",
    ]


def test_long_values_are_cut_short_in_messages() -> None:
    """A message stays readable whatever stands in the file."""
    assert len(problem(f"version: {'x' * 5000}")) < 200


@given(st.text(alphabet=st.sampled_from(" \n:-[]{}#&*!|>'\"%@,.~01aopstgeifld_"), max_size=60))
def test_any_text_is_a_config_or_a_config_error(text: str) -> None:
    """Nothing that a file can hold raises anything else."""
    with suppress(ConfigError):
        parse_config(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "name", "box", "digits", "pages", "kernel_px", "method", "k"]),
            inner | st.sampled_from([*STAGES]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*Config.model_fields, "foo"]), VALUES, max_size=4))
def test_any_data_is_a_config_or_a_config_error(data: dict[str, object]) -> None:
    """Wrong types anywhere, however nested, are told as such."""
    with suppress(ConfigError):
        parse_config(yaml.safe_dump(data, allow_unicode=True))


# Which file it is


def test_given_file_goes_before_the_folders_own(tmp_path: Path) -> None:
    """--config, else ./pipeline.yaml, else the packaged one; and the place is told."""
    place, config = find_config(None, tmp_path)
    assert (place, config) == ("the packaged pipeline.yaml", Config())
    here = tmp_path / "pipeline.yaml"
    here.write_text("review: {max_error: 0.5}", encoding="utf-8")
    place, config = find_config(None, tmp_path)
    assert place == f"{here} (in the current folder)"
    assert config.review.max_error == 0.5
    given = tmp_path / "other.yaml"
    given.write_text("review: {max_error: 0.7}", encoding="utf-8")
    place, config = find_config(given, tmp_path)
    assert place == str(given)
    assert config.review.max_error == 0.7


def test_current_folder_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the file beside the user is taken."""
    (tmp_path / "pipeline.yaml").write_text("review: {max_error: 0.5}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert find_config()[1].review.max_error == 0.5


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A file means the same from wherever it is used; absolute paths stay."""
    file = tmp_path / "a.yaml"
    file.write_text("model: models/mine", encoding="utf-8")
    assert load_config(file).model == tmp_path.resolve() / "models" / "mine"
    absolute = (tmp_path / "elsewhere").resolve()
    file.write_text(yaml.safe_dump({"model": str(absolute)}), encoding="utf-8")
    assert load_config(file).model == absolute


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """A wrong path ends with exit code 2, a wrong file with 3."""
    with pytest.raises(UsageError, match="there is no such configuration file"):
        load_config(tmp_path / "none.yaml")
    (tmp_path / "pipeline.yaml").touch()
    with pytest.raises(UsageError, match=r"is a folder.*did you mean .*pipeline.yaml\?"):
        find_config(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_file_that_may_not_be_read_is_a_config_error(tmp_path: Path) -> None:
    """The reason of the system is passed on."""
    file = tmp_path / "a.yaml"
    file.touch(mode=0o000)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(file)


def test_error_names_the_file(tmp_path: Path) -> None:
    """In a cron job's mail it must be clear which file is meant."""
    file = tmp_path / "mine.yaml"
    file.write_text("x: 1", encoding="utf-8")
    with pytest.raises(DigitbatchError, match=re.escape(f"{file}: line 1: x: unknown key")):
        load_config(file)


def test_packaged_files_are_those_at_the_top_of_a_checkout() -> None:
    """One copy of each in git."""
    assert packaged_file("pipeline.yaml") == CHECKOUT / "pipeline.yaml"
    assert default_model().parent == CHECKOUT / "models"


# What is made of it


def test_fingerprint_follows_everything_but_the_path_of_the_weights() -> None:
    """Equal plans have equal fingerprints, however written; results name weights by their hash."""
    plans = [
        "",
        "review: {max_error: 0.8}",
        "input: {pdf_dpi: 200}",
        "input: {max_pixels: 1000}",
        f"fields: [{ZONE[2:]}]",
        "fields: [{name: score, box: [0.1, 0.2, 0.5, 0.25], digits: 3}]",
        "fields: [{name: score, box: [0.1, 0.2, 0.5, 0.25], digits: 3, pages: [1]}]",
        "stages:\n  - op: ink_levels\n  - op: hysteresis\n" + TAIL,
        "stages:\n  - op: ink_levels\n  - {op: hysteresis, high: 0.6}\n" + TAIL,
    ]
    prints = [parse_config(plan).fingerprint() for plan in plans]
    assert len(set(prints)) == len(plans)
    assert all(re.fullmatch("[0-9a-f]{64}", print_) for print_ in prints)
    assert parse_config("model: elsewhere").fingerprint() == prints[0]
    assert parse_config("version: 1\nreview: {max_error: 2e-3}").fingerprint() == prints[0]


def test_config_reaches_workers_unchanged() -> None:
    """It pickles, it comes back from JSON, and it cannot be changed after validation."""
    config = parse_config(f"fields:\n  {ZONE}\nmodel: m")
    assert ForkingPickler.loads(ForkingPickler.dumps(config)) == config
    assert Config.model_validate_json(config.model_dump_json(), strict=True) == config
    with pytest.raises(ValidationError, match="frozen"):
        config.version = 1  # type: ignore[misc]


def test_chain_is_taken_apart_by_role() -> None:
    """Page stages, the segmenter and the normalizer together are the stages, in order."""
    config = Config()
    assert (*config.page_stages, config.segmenter, config.normalizer) == config.stages


def test_plan_shows_stages_kinds_and_zones() -> None:
    """What `digitbatch check` prints has a line for every stage and every zone."""
    text = "\n".join(plan_lines(parse_config(f"fields:\n  {ZONE}\nmodel: mine")))
    for stage in Config().stages:
        assert re.search(rf"^(\d+|skipped) +{stage.op}\b", text, re.MULTILINE)
    assert "color or gray -> " in text
    assert "mask -> digits" in text
    assert re.search(r"score +\[0.1, 0.2, 0.5, 0.25\] +any +all", text)
    assert re.search(r"^model +mine$", text, re.MULTILINE)
    assert "pages are read line by line" in "\n".join(plan_lines(Config()))


def page_that_every_stage_changes() -> Page:
    """Digits so high that the page is halved, and a rule; a longer one would keep it whole."""
    page = np.full((1200, 900, 3), 240, np.uint8)
    for row in range(5):
        cv2.putText(page, "20486", (60, 220 + row * 210), 0, 5.5, (60, 60, 120), 14)
    page[1120:1123, 200:620] = 100
    return Page(PageRef("page.png", 1), page)


CLOSED = "stages:\n" + "".join(
    f"  - op: {op}\n"
    for op in ("reduce", "ink_levels", "hysteresis", "remove_rules", "closing", "contours")
)


@pytest.mark.parametrize(
    ("config", "skipped"),
    [
        (Config(), set()),
        (parse_config(f"fields:\n  {ZONE}"), {"reduce", "remove_rules"}),
        (
            load_config(CHECKOUT / "samples" / "forms" / "scans" / "pipeline.yaml"),
            {"reduce", "remove_rules"},
        ),
        # What comes after it may build on its result.
        (parse_config(f"{CLOSED}  - op: mnist_center\nfields:\n  {ZONE}"), {"reduce"}),
    ],
    ids=["lines", "zones", "template", "zones, and a stage after remove_rules"],
)
def test_plan_is_what_a_page_goes_through(config: Config, skipped: set[str]) -> None:
    """The stages that are printed, one after the other, make of a page what a run makes of it."""
    text = "\n".join(plan_lines(config))
    printed = re.findall(r"^\d+ +(\w+) +[\w ]+->", text.split("\n\n", 1)[0], re.MULTILINE)
    left_out = re.findall(r"^skipped (\w+):", text, re.MULTILINE)
    assert set(left_out) == skipped
    assert sorted([*printed, *left_out]) == sorted(stage.op for stage in config.stages)
    page = page_that_every_stage_changes()
    applied = Sheet(page.pixels, "color")
    everything = applied
    for stage in config.page_stages:
        everything = stage(everything)
        if op_of(stage) in printed:
            applied = stage(applied)
    prepared = prepare_sheet(page, config)
    assert np.array_equal(prepared.pixels, applied.pixels)
    assert np.array_equal(prepared.pixels, everything.pixels) == (not skipped)


def test_plan_says_what_boxes_change() -> None:
    """Without zones a page on which boxes are found keeps its pixels; with zones every page."""
    on_boxes = "skipped reduce on pages with rows of boxes: "
    assert on_boxes in "\n".join(plan_lines(Config()))
    assert on_boxes not in "\n".join(plan_lines(parse_config(f"fields:\n  {ZONE}")))
    page = page_that_every_stage_changes()
    assert is_reduced(prepare_sheet(page, Config()))
    assert not is_reduced(prepare_sheet(page, Config(), whole=True))


@pytest.mark.parametrize("has_zones", [True, False])
@pytest.mark.parametrize("has_boxes", [True, False])
@pytest.mark.parametrize("is_last", [True, False])
def test_a_skipped_stage_leaves_no_gap(has_zones: bool, has_boxes: bool, is_last: bool) -> None:
    """Only stages that change no kind of pixels are skipped: the chain fits without them."""
    for kind in STAGES.values():
        stage = kind() if kind.model_fields["op"].default != "resize" else Resize(scale=1)
        if isinstance(stage, PageStage):
            assert not (stage.skipped(Situation(has_zones, has_boxes, is_last)) and stage.gives)


def test_schema_accepts_what_is_accepted_and_refuses_what_is_refused() -> None:
    """Editors that use the JSON schema agree with the loader."""
    made = json.loads(json.dumps(schema()))
    Draft202012Validator.check_schema(made)
    validator = Draft202012Validator(made)
    for file in (CHECKOUT / "pipeline.yaml", CHECKOUT / "samples" / "classic.yaml"):
        validator.validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    validator.validate({"fields": [{"name": "a", "box": [0, 0, 1, 1], "digits": 8}]})
    for wrong in (
        {"foo": 1},
        {"version": 2},
        {"stages": [{"op": "erosion", "kernel_px": 0}]},
        {"stages": [{"op": "erozion"}]},
        {"fields": [{"name": "a"}]},
        {"fields": [{"name": "a", "box": [0, 0, 1, 1], "digits": "8"}]},
    ):
        assert not validator.is_valid(wrong), wrong


def test_stage_reference_is_current() -> None:
    """docs/pipeline.md is what the models say; its second line says how to renew it."""
    committed = (CHECKOUT / "docs" / "pipeline.md").read_text(encoding="utf-8")
    assert committed == config_docs.markdown()


def test_examples_in_the_stage_reference_load() -> None:
    """Every YAML block of docs/pipeline.md is a valid file."""
    text = (CHECKOUT / "docs" / "pipeline.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        parse_config(block)


def test_classic_chain_does_what_its_tutorial_does() -> None:
    """samples/classic.yaml: grey, erosion of the grey page, level 127, inversion."""
    config = load_config(CHECKOUT / "samples" / "classic.yaml")
    page = np.full((120, 200, 3), 240, np.uint8)
    cv2.putText(page, "2048", (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (60, 60, 120), 3)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.2), np.uint8)
    sheet = Sheet(page, "color")
    for stage in config.page_stages:
        sheet = stage(sheet)

    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    eroded = cv2.erode(gray, np.ones((3, 3), np.uint8))
    _, level = cv2.threshold(eroded, 127, 255, cv2.THRESH_BINARY)
    _, first = cv2.threshold(gray, 127, 255, cv2.THRESH_BINARY)
    assert sheet.kind == "mask"
    assert np.array_equal(sheet.pixels, cv2.bitwise_not(level))
    assert sheet.ink is not None
    assert np.array_equal(sheet.ink, cv2.bitwise_not(eroded))  # crops are cut from this
    assert np.array_equal(level, cv2.erode(first, np.ones((3, 3), np.uint8)))  # either order
    crop = config.normalizer(sheet.ink)
    assert crop.shape == (28, 28)
    assert crop.max() > 100
