"""What a verb prints for programs: its records as JSON or YAML, in the form of `docs/schemas`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import yaml

__all__ = ["as_json", "as_yaml", "plain"]


def as_json(records: Any) -> str:
    """Return dataclasses, and what is built of them, as indented JSON; times as RFC 3339 has them.

    One of `sluice.schemas` describes it.
    """
    return json.dumps(plain(records), indent=2, ensure_ascii=False)


def as_yaml(records: Any) -> str:
    """Return the same as YAML, fields in the order of the record."""
    text: str = yaml.safe_dump(plain(records), sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip("\n")


def plain(records: Any) -> Any:
    """Return the records as what JSON knows: mappings, lists, text, numbers, booleans, null."""
    return msgspec.to_builtins(records, str_keys=True)
