"""Tables in pipeline.yaml: their rows and columns, and the zones and sums that they stand for."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from digitbatch.config.zones import Asked, Place, Zone
from digitbatch.constraints import OPERATOR

MOST_LINES: Final = 200
"""Rows or columns of a table."""

EmptyMark = Literal["dash", "tick", "T", "cross"]
"""What people write into a cell to say that there is no number."""

_STEMS: Final = {"rows": "row", "columns": "col"}


def _or_short(schema: dict[str, Any]) -> None:
    """For editors: a count, or a list of names and mappings."""
    items = schema.pop("items")
    del schema["type"]
    schema["anyOf"] = [
        {"type": "integer", "minimum": 1, "maximum": MOST_LINES},
        {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "string"}, items]}},
    ]


class Row(BaseModel):
    """A row of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=100, description="What cells are called after.")
    skip: bool = Field(
        default=False, description="Whether it is printed, or not to be read: `true`."
    )
    sum: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Names of the rows, or columns, that it is the sum of; `[all]` for all others "
        "that are read.",
    )

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not name or name != name.strip() or not name.isprintable():
            raise ValueError("expected a name without blanks around it")
        if OPERATOR.search(name):
            raise ValueError("expected a name without +, - and = between blanks: sums have them")
        return name


class Column(Asked, Row):
    """A column of a table, and what is known of the numbers in it."""


class Cell(Zone):
    """The zone that a cell of a table is."""

    table: str
    row: str
    column: str
    row_edges: tuple[int, int]  # between which lines of the table's grid it is, from 0
    column_edges: tuple[int, int]
    empty: tuple[EmptyMark, ...] = ()


class Table(Place):
    """A table of numbers. Each of its cells is a field, named like `marks.row03.total`."""

    columns: tuple[Column, ...] = Field(
        min_length=1,
        max_length=MOST_LINES,
        description="From left to right: how many (`5`, then named col01, col02, ...), or a list "
        "of names and mappings with the keys below.",
        json_schema_extra=_or_short,
    )
    rows: tuple[Row, ...] = Field(
        min_length=1,
        max_length=MOST_LINES,
        description="From the top, without `header_rows`: how many (`20`, then named row01, row02, "
        "...), or a list of names and mappings with `name`, `skip` and `sum`.",
        json_schema_extra=_or_short,
    )
    header_rows: int = Field(
        default=0, ge=0, le=20, description="How many rows of the box hold headings, above `rows`."
    )
    header_columns: int = Field(
        default=0,
        ge=0,
        le=20,
        description="How many columns of the box hold labels, before `columns`.",
    )
    column_edges: tuple[float, ...] | None = Field(
        default=None,
        description="Where columns part, from left to right, header columns too, as `box` is "
        "measured: one fewer than there are columns. Left out: all are equally wide.",
    )
    row_edges: tuple[float, ...] | None = Field(
        default=None, description="Where rows part, from the top, in the same way."
    )
    merged: tuple[tuple[str, str, str, str], ...] = Field(
        default=(),
        description="Cells that are one: `[[row02, a, row03, b]]` for all from the first row and "
        "column to the last; it is called after the first.",
    )
    blank: tuple[tuple[str, str], ...] = Field(
        default=(), description="Cells in which nothing is to be read: `[[row02, total]]`."
    )
    empty: tuple[EmptyMark, ...] = Field(
        default=(),
        description="What is written for no number: a cell that holds nothing but such a mark is "
        "`empty`. Any of `dash`, `tick`, `T`, `cross`.",
    )

    @model_validator(mode="after")
    def _agrees(self) -> "Table":
        for key, lines in (("columns", self.columns), ("rows", self.rows)):
            _check_lines(key, lines)
            _check_edges(self, key)
        if not any(True for _ in _spans(self)):
            raise ValueError("expected cells to read; all of the table is skipped or blank")
        return self

    @property
    def grid(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Where all of its rows and columns begin and end, headers too, as `box` is measured."""
        left, top, right, bottom = self.box
        return (
            _edges(top, bottom, self.header_rows + len(self.rows), self.row_edges),
            _edges(left, right, self.header_columns + len(self.columns), self.column_edges),
        )


def _check_lines(key: str, lines: Sequence[Row]) -> None:
    """Names that stand twice, sums of what is not read, and rules of what is skipped."""
    one = key.removesuffix("s")
    names = [line.name for line in lines]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{key}: there are two of the name {name!r}; names are unique")
    read = {line.name for line in lines if not line.skip}
    for line in lines:
        given = sorted(line.model_fields_set - {"name", "skip"})
        if line.skip and given:
            raise ValueError(
                f"{key}: {line.name!r} is skipped, and has {given[0]}; expected one of the two"
            )
        for name in () if line.sum in (None, ("all",)) else line.sum or ():
            if name == line.name:
                raise ValueError(f"{key}: {name!r} cannot be a part of its own sum")
            if name not in read:
                wanted = ", ".join(sorted(read - {line.name}))
                raise ValueError(
                    f"{key}: the sum of {line.name!r} has {name!r}, and no such {one} is read; "
                    f"expected some of {wanted}"
                )


def _check_edges(table: Table, key: str) -> None:
    if key == "rows":
        inner, first, last = table.row_edges, table.box[1], table.box[3]
        count = table.header_rows + len(table.rows)
    else:
        inner, first, last = table.column_edges, table.box[0], table.box[2]
        count = table.header_columns + len(table.columns)
    if inner is None:
        return
    name = f"{key.removesuffix('s')}_edges"
    if len(inner) != count - 1:
        raise ValueError(
            f"{name}: expected {count - 1} numbers, where {count} {key} part; got {len(inner)}"
        )
    if any(before >= after for before, after in pairwise((first, *inner, last))):
        raise ValueError(f"{name}: expected numbers that grow, between {first:g} and {last:g}")


def _edges(
    first: float, last: float, count: int, inner: tuple[float, ...] | None
) -> tuple[float, ...]:
    if inner is not None:
        return (first, *inner, last)
    return (*(first + (last - first) * n / count for n in range(count)), last)


def spelt_out(tables: JsonValue) -> JsonValue:
    """`tables:` of a file with every row and column as a mapping: `3` and names are short forms."""
    if not isinstance(tables, list):
        return tables
    return [
        {
            key: _lines(value, _STEMS[key]) if key in _STEMS else value
            for key, value in table.items()
        }
        if isinstance(table, dict)
        else table
        for table in tables
    ]


def _lines(value: JsonValue, stem: str) -> JsonValue:
    if type(value) is int and 1 <= value <= MOST_LINES:
        return [{"name": f"{stem}{number:02d}"} for number in range(1, value + 1)]
    if isinstance(value, list):
        return [{"name": item} if isinstance(item, str) else item for item in value]
    return value


_Span = tuple[int, int, int, int]
"""Rows from and up to, columns from and up to; half-open, without headers."""


def _spans(table: Table) -> Iterator[_Span]:
    """The cells that are read, row by row.

    Raises:
        ValueError: If merged or blank cells are not in the table, or are merged twice.
    """
    covered: dict[tuple[int, int], _Span] = {}
    for merged in table.merged:
        (top, left), (bottom, right) = (_at(table, "merged", *n) for n in (merged[:2], merged[2:]))
        if top > bottom or left > right or (top, left) == (bottom, right):
            raise ValueError(
                f"merged: {' '.join(merged)}: expected the first row and column, and later ones"
            )
        span = top, bottom + 1, left, right + 1
        for cell in product(range(*span[:2]), range(*span[2:])):
            if cell in covered:
                raise ValueError(f"merged: {' '.join(merged)}: a cell of it is merged already")
            covered[cell] = span
    blank = {_at(table, "blank", *names) for names in table.blank}
    for row, column in product(range(len(table.rows)), range(len(table.columns))):
        span = covered.get((row, column), (row, row + 1, column, column + 1))
        is_first = span[0] == row and span[2] == column
        is_skipped = table.rows[row].skip or table.columns[column].skip
        if is_first and not is_skipped and (row, column) not in blank:
            yield span


def _at(table: Table, key: str, row: str, column: str) -> tuple[int, int]:
    """Which row and column of a table have these names; `key` has them in the file."""
    rows, columns = ([line.name for line in lines] for lines in (table.rows, table.columns))
    for name, known, kind in ((row, rows, "row"), (column, columns, "column")):
        if name not in known:
            raise ValueError(f"{key}: there is no {kind} {name!r}")
    return rows.index(row), columns.index(column)


@lru_cache(maxsize=64)
def cells_of(table: Table) -> tuple[Cell, ...]:
    """The zones of a table's cells, row by row; what its columns ask goes with each."""
    ys, xs = table.grid
    asked = set(Asked.model_fields)
    cells = []
    for top, bottom, left, right in _spans(table):
        row, column = table.rows[top].name, table.columns[left]
        across = table.header_columns + left, table.header_columns + right
        down = table.header_rows + top, table.header_rows + bottom
        cells.append(
            Cell(
                name=f"{table.name}.{row}.{column.name}",
                unit=table.unit,
                dpi=table.dpi,
                box=(xs[across[0]], ys[down[0]], xs[across[1]], ys[down[1]]),
                pages=table.pages,
                table=table.name,
                row=row,
                column=column.name,
                row_edges=down,
                column_edges=across,
                empty=table.empty,
                **{key: getattr(column, key) for key in asked},
            )
        )
    return tuple(cells)


@lru_cache(maxsize=64)
def sums_of(table: Table) -> tuple[str, ...]:
    """The sums of a table's rows and columns, as `rules` has them.

    Blank cells and those that are skipped count as nothing; a sum with a merged cell is none, for
    nobody knows what of it belongs to which row.
    """
    cells = {(cell.row, cell.column): cell for cell in cells_of(table)}
    merged = {place for cell in cells.values() for place in _merged_places(table, cell)}
    found = []
    for row, column in product(table.rows, table.columns):
        along = [(row.name, name) for name in _parts(column, table.columns)]
        down = [(name, column.name) for name in _parts(row, table.rows)]
        for parts in (along, down):
            places = (row.name, column.name), *parts
            names = [cells[place].name for place in parts if place in cells]
            if places[0] in cells and names and merged.isdisjoint(places):
                found.append(f"{' + '.join(names)} = {cells[places[0]].name}")
    return tuple(found)


def _merged_places(table: Table, cell: Cell) -> list[tuple[str, str]]:
    """Names of the rows and columns over which a merged cell lies; none of another cell."""
    (top, bottom), (left, right) = cell.row_edges, cell.column_edges
    if bottom - top == right - left == 1:
        return []
    rows = table.rows[top - table.header_rows : bottom - table.header_rows]
    columns = table.columns[left - table.header_columns : right - table.header_columns]
    return [(row.name, column.name) for row, column in product(rows, columns)]


def _parts(line: Row, lines: Sequence[Row]) -> tuple[str, ...]:
    """The names of which a row or column is the sum."""
    if line.sum != ("all",):
        return line.sum or ()
    return tuple(other.name for other in lines if other.name != line.name)
