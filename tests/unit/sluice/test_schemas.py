from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sluice.output import as_json, as_yaml
from sluice.schemas import PRINTED, schema
from sluice.status.graph import Graph
from sluice.status.rows import component_rows, stack_row
from sluice.status.tree import tree_of
from tests.unit.sluice.stack_data import DEPLOYED, live

FOLDER = Path(__file__).parents[3] / "docs" / "schemas"
ROWS = component_rows(DEPLOYED, live(), [])


@pytest.mark.parametrize("name", PRINTED)
def test_the_published_schema_is_that_of_what_is_printed(name: str) -> None:
    published = json.loads((FOLDER / f"{name}.json").read_text())
    assert published == schema(name), "run `make schemas`"
    jsonschema.Draft202012Validator.check_schema(published)


def test_nothing_else_is_published() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(PRINTED)


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("get", ROWS),
        ("get-stacks", [stack_row(DEPLOYED, live(), [])]),
        ("graph", Graph.of(DEPLOYED.components)),
        ("tree", tree_of(DEPLOYED, live())),
    ],
)
def test_json_and_yaml_are_the_same_and_as_the_schema_says(name: str, records: Any) -> None:
    printed = json.loads(as_json(records))
    jsonschema.validate(printed, schema(name))
    assert yaml.safe_load(as_yaml(records)) == printed


def test_a_time_is_written_with_its_zone() -> None:
    assert json.loads(as_json(ROWS))[0]["created"] == "2026-11-23T21:00:00Z"


def test_each_field_is_described() -> None:
    fields = schema("get")["$defs"]["Row"]["properties"]
    assert all(field["description"] for field in fields.values())
