"""Zones and the template in pipeline.yaml: where on a form its numbers are."""

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from digitbatch.constraints import Check, FieldConstraint, read_values
from digitbatch.notation import DateOrder, Decimals, WrittenSign

MOST_DIGITS: Final = 200
_MM_PER_INCH: Final = 25.4
_EDGE: Final = 0.02  # of the page: millimetres and scans are never so exact that less matters


def _four_numbers(value: Any, info: ValidationInfo) -> Any:
    unit = info.data.get("unit", "page")
    measure, most = ("as fractions of the page", " <= 1") if unit == "page" else (f"in {unit}", "")
    wanted = (
        f"expected [left, top, right, bottom] {measure}, "
        f"0 <= left < right{most} and 0 <= top < bottom{most}"
    )
    match _numbers(value):
        case [left, top, right, bottom] if 0 <= left < right and 0 <= top < bottom:
            if unit == "page" and max(right, bottom) > 1:
                raise ValueError(f"{wanted}; for millimetres or pixels add unit: mm or unit: px")
            return left, top, right, bottom
        case _:
            raise ValueError(wanted + _decimal_comma(value, 4))


def _decimal_comma(value: Any, most: int) -> str:
    """What to say of a list that is too long: [0.7, 0.88, 0.82, 0,93] has five numbers."""
    numbers = _numbers(value)
    if len(numbers) <= most:
        return ""
    return (
        f"; these are {len(numbers)} numbers: is a comma in place of a decimal point? "
        "0.93 is one number, 0,93 are two"
    )


def _digits(value: Any) -> Any:
    ends = tuple(value) if isinstance(value, list | tuple) else (value, value)
    whole = all(type(n) is int for n in ends)  # true is no number here
    if len(ends) != 2 or not whole or not 0 <= ends[0] <= ends[1] <= MOST_DIGITS or ends[1] == 0:
        raise ValueError(
            "expected how many digits there are, as 8 or as [least, most], for example [0, 3]; "
            f"at most {MOST_DIGITS}"
        )
    return ends


def _limits(value: Any) -> Any:
    match _numbers(value):
        case [least, greatest] if -float("inf") < least <= greatest < float("inf"):
            return least, greatest
        case _:
            wanted = "expected [least, greatest], for example [1, 500]"
            raise ValueError(wanted + _decimal_comma(value, 2))


def _decimals(value: Any) -> Any:
    if value in ("ignore", "keep") or (type(value) is int and 0 <= value <= 2):
        return value
    raise ValueError("expected one of ignore, keep, 0, 1, 2")


def _numbers(value: Any) -> list[float]:
    """The numbers of a list; none where it holds anything else, such as true."""
    items = value if isinstance(value, list | tuple) else []
    return [float(item) for item in items] if all(type(n) in (int, float) for n in items) else []


def _exact(number: float) -> Decimal:
    """A number as it is written in the file: 0.1 and not what lies nearest to it in binary."""
    return Decimal(f"{number:.15g}")


class Place(BaseModel):
    """A place on the page that has a name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        max_length=200,
        description="What the results call it. Unique; quote what looks like a number.",
    )
    unit: Literal["page", "mm", "px"] = Field(
        default="page",
        description="What `box` is measured in: `page` for fractions of the page's width and "
        "height, `mm`, or `px` with `dpi`. Millimetres need a resolution in the file, or "
        "`paper_mm`.",
    )
    dpi: Annotated[float, Field(ge=10, le=10_000)] | None = Field(
        default=None,
        description="For `unit: px`: the resolution of the page on which the pixels were counted. "
        "Scans may have another; one that does not say is taken to have this.",
    )
    box: Annotated[
        tuple[float, float, float, float],
        BeforeValidator(_four_numbers, json_schema_input_type=tuple[float, float, float, float]),
    ] = Field(
        description="[left, top, right, bottom] from the top left corner of the page, or of the "
        "template's page; fractions lie between 0 and 1.",
    )
    pages: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(
        default=None,
        min_length=1,
        description="On which pages of a file it is, from 1: [1, 3]. Left out: on all.",
    )

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name or name != name.strip():
            raise ValueError("expected a name without blanks around it")
        if not name.isprintable():
            raise ValueError("expected a name without line breaks, tabs and control characters")
        return name

    @model_validator(mode="after")
    def _dpi_for_pixels(self) -> "Place":
        if (self.unit == "px") != (self.dpi is not None):
            raise ValueError("unit: px and dpi belong together: pixels of 300 dpi are px and 300")
        return self

    def on_page(
        self,
        width_px: int,
        height_px: int,
        dpi: float | None = None,
        paper_mm: tuple[float, float] | None = None,
    ) -> tuple[float, float, float, float]:
        """It on a page, as fractions of its width and height.

        `dpi` is the page's, where its file says so; the width and height of the paper go before it.

        Raises:
            ValueError: If nothing says how large the page is, or it lies outside of it.
        """
        left, top, right, bottom = self.box
        if self.unit == "page":
            return self.box
        mm = 1.0 if self.dpi is None else _MM_PER_INCH / self.dpi
        resolution = dpi or self.dpi
        if paper_mm is not None:
            x, y = mm / paper_mm[0], mm / paper_mm[1]
        elif resolution is not None:
            x, y = (mm * resolution / _MM_PER_INCH / side for side in (width_px, height_px))
        else:
            raise ValueError(
                f"the zone {self.name} is in millimetres, and nothing says how large the page is: "
                "scan to a file with a resolution, or give paper_mm in the configuration"
            )
        if right * x > 1 + _EDGE or bottom * y > 1 + _EDGE:
            raise ValueError(
                f"the zone {self.name} ends at {right * x:.0%} of the page's width and "
                f"{bottom * y:.0%} of its height: is it for another paper size or resolution?"
            )
        return left * x, top * y, min(1.0, right * x), min(1.0, bottom * y)


class Asked(BaseModel):
    """What is known of a number before it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digits: (
        Annotated[
            tuple[int, int], BeforeValidator(_digits, json_schema_input_type=int | tuple[int, int])
        ]
        | None
    ) = Field(
        default=None,
        description=f"How many digits are expected: 8, or [least, most]; at most {MOST_DIGITS}. "
        "Another number of digits sends the field to review. Left out: any number.",
    )
    pattern: str | None = Field(
        default=None,
        description="A regular expression that all of the digits match, without blanks: "
        "`'[1-9][0-9]{4}'`.",
    )
    range: (
        Annotated[
            tuple[float, float],
            BeforeValidator(_limits, json_schema_input_type=tuple[float, float]),
        ]
        | None
    ) = Field(default=None, description="[least, greatest] value of the number.")
    values: Path | None = Field(
        default=None,
        description="A file of all that the field may hold, relative to this one: one value a "
        "line, with its leading zeros; what follows # does not count.",
    )
    check: Check | None = Field(
        default=None, description="The kind of the check digit at the number's end."
    )
    decimals: Annotated[Decimals, BeforeValidator(_decimals)] | None = Field(
        default=None,
        description="What becomes of a decimal point or comma: `ignore` leaves it out of the "
        "text, `keep` writes it as a point. `0`, `1` or `2` is how many digits stand behind it "
        "where there is one, and other points and commas part thousands. Left out: it is left "
        "out, and a person looks at the field.",
    )
    date: DateOrder | None = Field(
        default=None,
        description="It is a date, its parts in this order (`d` day, `m` month, `y` year), with "
        "slashes, dashes, points or nothing between them. The text is 2024-03-12.",
    )
    signs: tuple[WrittenSign, ...] = Field(
        default=(),
        description="What people write beside the digits: `minus` before them, which the text "
        "keeps; `currency` before or behind them, and `strokes` behind them as in 25,000/-, which "
        "it leaves out.",
    )

    @field_validator("pattern")
    @classmethod
    def _is_expression(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"expected a regular expression ({error})") from error
        return pattern

    @field_validator("values")
    @classmethod
    def _holds_values(cls, values: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        if values is None or folder is None:
            return values
        found: Path = folder / values
        try:
            read_values.cache_clear()  # it may have been written anew
            read_values(found)
        except OSError as error:
            raise ValueError(
                f"expected a file with one value a line ({error.strerror or error})"
            ) from error
        return found

    @property
    def rule(self) -> FieldConstraint | None:
        """What the field must obey; None where nothing but its number of digits is asked."""
        if not (self.pattern or self.range or self.values or self.check or self.date):
            return None
        limits = None if self.range is None else (_exact(self.range[0]), _exact(self.range[1]))
        return FieldConstraint(
            self.digits, self.pattern, limits, self.values, self.check, self.date
        )

    @model_validator(mode="after")
    def _one_notation(self) -> "Asked":
        if self.date is not None and (self.decimals is not None or self.signs or self.range):
            raise ValueError("a date has no decimals, signs and range: leave these out")
        if self.range is not None and self.range[0] < 0 and "minus" not in self.signs:
            raise ValueError("expected signs: [minus] beside a range that goes below 0")
        return self


class Zone(Asked, Place):
    """A place on the page where a number is written. With zones nothing else is read."""


class Template(BaseModel):
    """A page of the form, on which every scan is laid before its zones are cut.

    It may be filled in. Scans may be shifted, turned (also on their side or head), of another
    size, or photographed at a slant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: Path = Field(
        description="The file, relative to this one: a picture, or a PDF. Zones are places on it."
    )
    page: int = Field(default=1, ge=1, description="Which of its pages, from 1.")

    @field_validator("image")
    @classmethod
    def _is_there(cls, image: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        if folder is None:
            return image
        found: Path = folder / image
        if not found.is_file():
            raise ValueError("expected the file of a page of the form; there is no such file")
        return found

    def fingerprint(self) -> str:
        return hashlib.sha256(self.image.read_bytes()).hexdigest()
