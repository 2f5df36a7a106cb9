"""Tables in pipeline.yaml: the zones, names and sums that they stand for, and what contradicts."""

from pathlib import Path

import pytest

from digitbatch.config import Config
from digitbatch.config.file import parse_config, plan_lines
from digitbatch.config.tables import Cell
from digitbatch.errors import ConfigError

HEAD = "tables:\n- name: marks\n  box: [0.1, 0.2, 0.9, 0.8]\n"
PLAIN = f"{HEAD}  rows: 3\n  columns: 4\n"


def table(**keys: str) -> str:
    """A table of three rows and the columns number, a, b and total, with some keys besides."""
    given = {"rows": "3", "columns": "[number, a, b, total]"} | keys
    return HEAD + "".join(f"  {key}: {value}\n" for key, value in given.items())


def cells(config: Config) -> dict[str, Cell]:
    """The cells of a configuration by their names."""
    return {zone.name: zone for zone in config.zones if isinstance(zone, Cell)}


def test_rows_and_columns_by_count_are_named_and_equal() -> None:
    """Each cell is a zone, row by row, and together they are the box."""
    found = cells(parse_config(PLAIN))
    assert len(found) == 12
    assert list(found)[:5] == [
        "marks.row01.col01", "marks.row01.col02", "marks.row01.col03", "marks.row01.col04",
        "marks.row02.col01",
    ]  # fmt: skip
    assert found["marks.row02.col03"].box == pytest.approx((0.5, 0.4, 0.7, 0.6))
    assert found["marks.row03.col04"].box[2:] == (0.9, 0.8)


def test_headers_are_in_the_box_and_not_read() -> None:
    """Names and counts are of what follows them; edges are of all."""
    text = table(header_rows="1", header_columns="1", row_edges="[0.3, 0.5, 0.7]")
    found = cells(parse_config(text))
    assert len(found) == 12
    assert found["marks.row01.number"].box == pytest.approx((0.26, 0.3, 0.42, 0.5))


def test_other_units_go_to_the_cells() -> None:
    """Millimetres of a table are millimetres of its cells; so are its pages."""
    text = "tables: [{name: t, unit: mm, box: [10, 20, 50, 40], rows: 2, columns: 4, pages: [2]}]"
    cell = cells(parse_config(text))["t.row02.col01"]
    assert (cell.unit, cell.box, cell.pages) == ("mm", (10, 30, 20, 40), (2,))


def test_columns_ask_and_are_skipped() -> None:
    """What a column asks is asked of each of its cells; printed columns are no fields."""
    columns = "[{name: number, skip: true}, {name: a, digits: 2, range: [0, 25]}, b, total]"
    found = cells(parse_config(table(columns=columns)))
    assert len(found) == 9
    assert found["marks.row02.a"].digits == (2, 2)
    assert found["marks.row02.a"].rule is not None
    assert found["marks.row02.b"].rule is None


def test_blank_and_merged_cells() -> None:
    """A blank cell is no field; merged ones are one, called after the first."""
    text = table(blank="[[row03, b]]", merged="[[row01, a, row02, b]]")
    found = cells(parse_config(text))
    assert len(found) == 12 - 1 - 3
    assert found["marks.row01.a"].box == pytest.approx((0.3, 0.2, 0.7, 0.6))


def test_sums_of_rows_and_columns() -> None:
    """In every row and column where the cells are; blank ones count as nothing."""
    columns = "[{name: number, skip: true}, a, b, {name: total, sum: [a, b]}]"
    rows = "[one, two, {name: all, sum: [all]}]"
    config = parse_config(table(columns=columns, rows=rows, blank="[[two, b]]"))
    assert set(config.sums) == {
        "marks.one.a + marks.one.b = marks.one.total",
        "marks.two.a = marks.two.total",
        "marks.all.a + marks.all.b = marks.all.total",
        "marks.one.a + marks.two.a = marks.all.a",
        "marks.one.b = marks.all.b",
        "marks.one.total + marks.two.total = marks.all.total",
    }


def test_no_sum_goes_through_a_merged_cell() -> None:
    """Nobody knows what of it belongs to which row."""
    columns = "[number, a, b, {name: total, sum: [a, b]}]"
    config = parse_config(table(columns=columns, merged="[[row01, a, row02, a]]"))
    assert config.sums == ("marks.row03.a + marks.row03.b = marks.row03.total",)


def test_rules_may_name_cells() -> None:
    """Of two tables, or of a table and a field."""
    config = parse_config(f"{PLAIN}fields: [{{name: sum, box: [0, 0, 1, 0.1]}}]\n"
                          "rules: [marks.row01.col01 + marks.row02.col01 = sum]")  # fmt: skip
    assert len(config.zones) == 13
    with pytest.raises(ConfigError, match=r"no field 'marks\.row09\.col01'"):
        parse_config(f"{PLAIN}rules: [marks.row09.col01 = marks.row01.col01]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(rows="0"), "line 4: tables[0].rows: expected"),
        (table(columns="[a, a]"), "columns: there are two of the name 'a'"),
        (table(columns="[a, {name: b, sum: [c]}]"), "has 'c', and no such column is read"),
        (table(columns="[a, {name: b, sum: [b]}]"), "'b' cannot be a part of its own sum"),
        (table(columns="[a, {name: b, skip: true, digits: 2}]"), "'b' is skipped, and has digits"),
        (table(columns="[a, {nam: b}]"), "columns[1].nam: unknown key; did you mean name"),
        (table(columns="[a + b]"), "expected a name without +, - and = between blanks"),
        (table(column_edges="[0.3, 0.5]"), "column_edges: expected 3 numbers, where 4 columns"),
        (table(row_edges="[0.1, 0.5]"), "row_edges: expected numbers that grow, between 0.2"),
        (table(blank="[[row04, a]]"), "blank: there is no row 'row04'"),
        (table(merged="[[row02, a, row01, b]]"), "expected the first row and column, and later"),
        (
            table(merged="[[row01, a, row02, b], [row02, b, row03, b]]"),
            "merged: row02 b row03 b: a cell of it is merged already",
        ),
        (table(columns="[{name: a, skip: true}]"), "all of the table is skipped or blank"),
        (table(empty="[stroke]"), "expected one of dash, tick, T, cross"),
        (PLAIN + PLAIN.partition("\n")[2], "its cell 'marks.row01.col01' is called like one of"),
        (
            f"{PLAIN}fields: [{{name: marks.row01.col01, box: [0, 0, 1, 1]}}]",
            "tables[0]: its cell 'marks.row01.col01' is called like one of fields[0]",
        ),
    ],
)  # fmt: skip
def test_contradictions_are_found(text: str, said: str) -> None:
    """In words that say where and what was expected."""
    with pytest.raises(ConfigError) as error:
        parse_config(text)
    assert said in str(error.value)


def test_check_prints_tables() -> None:
    """Their columns with what is asked, their rows, and how many cells and sums that makes."""
    columns = "[{name: number, skip: true}, {name: a, digits: 2}, b, {name: total, sum: [a, b]}]"
    text = table(columns=columns, empty="[dash]", blank="[[row02, b]]")
    printed = "\n".join(plan_lines(parse_config(text)))
    assert "marks  [0.1, 0.2, 0.9, 0.8]  pages all, 8 cells, 3 sums, empty with dash" in printed
    for part in ("number           skipped", "total    any     sum of a, b", "blank: row02.b"):
        assert part in printed
    assert "rows: row01, row02, row03" in printed


def test_a_table_is_part_of_the_plan(tmp_path: Path) -> None:
    """Other cells or other values read otherwise; how rows are written down does not."""
    one = parse_config(table(rows="3")).fingerprint()
    assert one == parse_config(table(rows="[row01, row02, {name: row03}]")).fingerprint()
    assert one != parse_config(table(rows="4")).fingerprint()
    prints = []
    for value in ("12", "13"):
        (tmp_path / "list.txt").write_text(value, encoding="utf-8")
        columns = "[{name: a, values: list.txt}]"
        prints.append(parse_config(table(columns=columns), folder=tmp_path).fingerprint())
    assert prints[0] != prints[1]
