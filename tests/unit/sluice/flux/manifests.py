"""Exported manifests, as `kubectl` would read them."""

from __future__ import annotations

from typing import Any

import yaml

from components.lib.manifests import documents
from sluice.flux.objects import Export

FORM = {"metadata", "spec", "apiVersion", "kind"}


def only(found: Export, kind: str) -> Any:
    (manifest,) = (each for each in found.objects if each["kind"] == kind)
    assert manifest.keys() <= FORM
    return yaml.safe_load(documents.dump(manifest))
