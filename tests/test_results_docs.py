import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.outputs.json_file import JsonFormat, JsonLinesFormat
from digitbatch.outputs.page_json import page_from_json, page_to_json
from digitbatch.outputs.results import COLUMNS
from digitbatch.types import FieldResult, PageRef, PageResult
from tests.made_results import META, PAGES, as_csv, as_text, fields, names, pages

jsonschema = pytest.importorskip("jsonschema")
DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = json.loads((DOCS / "results.schema.json").read_text(encoding="utf-8"))


def closed(schema: object) -> object:
    """The schema without room for keys that it does not name: all that is written is documented."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    return parts | ({"additionalProperties": False} if schema.get("type") == "object" else {})


DOCUMENT = jsonschema.Draft202012Validator(closed(SCHEMA))
LINE = jsonschema.Draft202012Validator(closed({**SCHEMA, **SCHEMA["$defs"]["line"]}))


def test_schema_is_a_schema() -> None:
    """The schema itself is valid, and refuses a document without a summary."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert not DOCUMENT.is_valid({"pages": []})


@given(st.lists(pages, max_size=3))
def test_json_keeps_the_schema(results: list[PageResult]) -> None:
    """Whatever the reader returns, JSON and JSON Lines are what the schema says, and no more."""
    for line in as_text(JsonLinesFormat(META), results).splitlines():
        LINE.validate(json.loads(line))
    DOCUMENT.validate(json.loads(as_text(JsonFormat(META), results)))


@given(fields, names)
def test_schema_refuses_what_is_not_documented(field: FieldResult, name: str) -> None:
    """A field with another status, a key that nobody knows, or a message missing is refused."""
    page = page_to_json(PageResult(PageRef("a.png", 1), (field,)))
    head = json.loads(as_text(JsonLinesFormat(META), PAGES[:1]))
    for wrong in (
        {"status": "fine"},
        {f"new {name}": 1},
        {"status": "error", "message": ""},
        {"status": "ok", "text": ""},
        {"text": "12a"},
        {"confidence": 1.5},
    ):
        line = head | page | {"fields": [page["fields"][0] | wrong]}
        assert not LINE.is_valid(line), wrong


def blocks(language: str) -> list[str]:
    """The code blocks of docs/results.md in one language."""
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    return [part.split("```")[0] for part in text.split(f"```{language}\n")[1:]]


def test_examples_in_the_docs_are_what_is_written() -> None:
    """The documented CSV, JSON and JSON Lines are those that the documented pages give."""
    (example_csv,), (example_json,), (example_jsonl,) = map(blocks, ("csv", "json", "jsonl"))
    document = json.loads(example_json)
    DOCUMENT.validate(document)
    results = [page_from_json(page) for page in document["pages"]]
    assert as_csv(results) == example_csv
    meta = type(META)(
        document["version"],
        document["model_hash"],
        document["line_model_hash"],
        document["ink_model_hash"],
        document["calibration_hash"],
        document["config_hash"],
    )
    assert as_text(JsonLinesFormat(meta), results[1:]) == example_jsonl
    assert json.loads(as_text(JsonFormat(meta), results)) == document


def test_every_column_and_key_is_documented() -> None:
    """docs/results.md names every column and every key of the schema."""
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    keys = {key for part in SCHEMA["$defs"].values() for key in part.get("properties", {})}
    for name in {*COLUMNS, *SCHEMA["properties"], *keys}:
        assert f"`{name}`" in text or f'"{name}"' in text, name
