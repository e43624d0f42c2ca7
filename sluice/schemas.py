"""The published form of `-o json`: a JSON Schema for each verb, in `docs/schemas`.

`make schemas` writes them. A verb that prints records adds its line to `PRINTED`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sluice.checks.machine import Check
from sluice.commands.images_policy import Selection
from sluice.diff.change import PlannedChange
from sluice.diff.difference import StackDifference
from sluice.drift.report import DriftedField
from sluice.images.scanning import ScannedPolicy
from sluice.inventory.history import Deployment
from sluice.notification.run_log import Line
from sluice.reconciliation.result import Reconciliation
from sluice.report.record import StackPreview
from sluice.status.events import ObjectEvent
from sluice.status.graph import Graph
from sluice.status.rows import Row, StackRow
from sluice.status.statistics import StackStatistics
from sluice.status.trace import Trace
from sluice.status.tree import Node

__all__ = ["PRINTED", "schema"]

PRINTED: Final[Mapping[str, Any]] = {
    "check": list[Check],
    "diff": StackDifference,
    "drift": list[DriftedField],
    "events": list[ObjectEvent],
    "get": list[Row],
    "get-stacks": list[StackRow],
    "graph": Graph,
    "history": list[Deployment],
    "images-policy-test": Selection,
    "images-scan": list[ScannedPolicy],
    "logs": Line,
    "pipeline-preview": StackPreview,
    "preview": list[PlannedChange],
    "reconcile": list[Reconciliation],
    "stats": list[StackStatistics],
    "trace": list[Trace],
    "tree": Node,
}
"""What `sluice VERB -o json` prints, by the schema's name."""

_FOLDER = Path("docs/schemas")
_OPTIONS: Final[Mapping[str, str]] = {"pipeline-preview": "--out"}
# `    name: text`, and its further lines, which are indented deeper.
_FIELD = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of what a verb prints."""
    verb, option = name.replace("-", " "), _OPTIONS.get(name, "-o json")
    described = msgspec.json.schema(PRINTED[name])
    for record in described["$defs"].values():
        _describe(record)
    draft = "https://json-schema.org/draft/2020-12/schema"
    titled = {"$schema": draft, "title": f"sluice {verb} {option}", **described}
    plain: dict[str, Any] = json.loads(json.dumps(titled))
    return plain


def _describe(record: dict[str, Any]) -> None:
    """Give each field the sentence that the record's docstring has for it."""
    said, _, fields = inspect.cleandoc(record["description"]).partition("\n\nAttributes:\n")
    record["description"] = " ".join(said.split())
    for name, text in _FIELD.findall(fields):
        record["properties"][name]["description"] = " ".join(text.split())


def _write() -> None:
    for name in PRINTED:
        text = json.dumps(schema(name), indent=2, ensure_ascii=False)
        (_FOLDER / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    _write()
