"""`digitbatch check` names what can be loaded and was hardly meant."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from digitbatch.cli import app
from digitbatch.config.contradictions import hopeless_zones, overlapping_zones
from digitbatch.config.file import parse_config
from digitbatch.errors import ConfigError, ExitCode

BOX = "box: [0.1, 0.1, 0.3, 0.2]"


def said(zones: str, folder: Path | None = None) -> list[str]:
    """What is said of zones."""
    config = parse_config(f"fields:\n{zones}", folder=folder)
    return [*hopeless_zones(config), *overlapping_zones(config)]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("digits: 5, pattern: '[0-9]{4}'", "digits 5, but pattern [0-9]{4} is of 4 digits"),
        ("digits: [2, 3], pattern: '1?'", "digits [2, 3], but pattern 1? is of 0 to 1 digits"),
        ("digits: 3, range: [1000, 2000]", "digits 3, but range begins at 1000"),
        ("digits: 1, check: luhn", "digits 1, but the Luhn check digit needs 2"),
        ("digits: 10, check: ean", "digits 10, but the EAN needs 8 or 12 or 13 or 14"),
    ],
)
def test_rules_that_no_number_obeys(keys: str, words: str) -> None:
    """Whatever is written there would go to review: the zone is named, with both rules."""
    assert said(f"- {{name: total, {BOX}, {keys}}}") == [f"fields[0] (total): {words}"]


@pytest.mark.parametrize(
    "keys",
    [
        "digits: 5, pattern: '[0-9]{4,}'",
        "digits: [0, 3], range: [999, 999]",
        "digits: 13, check: ean",
        "digits: [1, 4], check: mod11",
        "pattern: '(?=1)[0-9]*'",
    ],
)
def test_rules_that_some_number_obeys(keys: str) -> None:
    """They are no contradiction."""
    assert said(f"- {{name: total, {BOX}, {keys}}}") == []


def test_a_list_that_breaks_the_other_rules(tmp_path: Path) -> None:
    """One value that obeys them is enough."""
    (tmp_path / "codes.txt").write_text("1234\n5678\n")
    zone = f"- {{name: total, {BOX}, values: codes.txt, "
    (found,) = said(zone + "digits: 5}", tmp_path)
    assert "no value of codes.txt obeys" in found
    assert "1234 breaks the number of digits" in found
    assert said(zone + "pattern: '5.*'}", tmp_path) == []


@pytest.mark.parametrize(
    ("other", "is_named"),
    [
        ("box: [0.2, 0.1, 0.4, 0.2]", True),
        ("box: [0, 0, 1, 1]", True),
        ("box: [0.29, 0.1, 0.4, 0.2]", False),
        ("box: [0.1, 0.2, 0.3, 0.3]", False),
        ("box: [0.2, 0.1, 0.4, 0.2], pages: [2]", False),
        ("box: [10, 10, 30, 20], unit: mm", False),
    ],
)
def test_zones_that_lie_on_each_other(other: str, is_named: bool) -> None:
    """Where more than a fifth of one lies in the other, on the same page; neighbours touch."""
    found = said(f"- {{name: a, {BOX}, pages: [1]}}\n- {{name: b, {other}}}")
    assert bool(found) == is_named
    assert all("(a)" in text and "(b)" in text for text in found)


def test_pixels_and_millimetres_are_compared() -> None:
    """Both are lengths."""
    zones = (
        "- {name: a, box: [10, 10, 30, 20], unit: mm}\n"
        "- {name: b, box: [118, 118, 354, 236], unit: px, dpi: 300}"
    )
    assert len(said(zones)) == 1


@pytest.mark.parametrize("key", ["box: [0.7, 0,88, 0.82, 0.93]", f"{BOX}, range: [0,5, 1,5]"])
def test_a_decimal_comma(key: str) -> None:
    """It makes two numbers of one: a list that is too long says so."""
    with pytest.raises(ConfigError, match=r"0\.93 is one number, 0,93 are two"):
        parse_config(f"fields:\n- {{name: a, {key}}}")


def test_the_command(tmp_path: Path) -> None:
    """What is hopeless is exit code 3, an overlap a warning; the plan is printed all the same."""
    file = tmp_path / "my.yaml"
    codes = []
    for keys in ("digits: 5, pattern: '1'", "digits: 5"):
        second = "- {name: b, box: [0.1, 0.1, 0.2, 0.2]}"
        file.write_text(f"fields:\n- {{name: a, {BOX}, {keys}}}\n{second}\n")
        ended = CliRunner().invoke(app, ["check", str(file)])
        assert "(a) and fields[1] (b) overlap" in ended.stderr
        assert "plan" in ended.stdout
        codes.append((ended.exit_code, "pattern 1 is of 1 digits" in ended.stderr))
    assert codes == [(ExitCode.CONFIG, True), (ExitCode.OK, False)]
