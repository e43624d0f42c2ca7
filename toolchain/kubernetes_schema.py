"""Write the schema of the pinned Kubernetes version that manifests are validated against.

    python3 -m toolchain.kubernetes_schema

Reads `api/openapi-spec/swagger.json` of the Kubernetes module that
`toolchain/go/go.mod` names and keeps what validation and strategic merge
need: types, required fields, merge keys and kinds. Needed once per version.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

WRAPPER = Path(__file__).parent / "go"
SCHEMA = Path(__file__).parent.parent / "components" / "lib" / "manifests" / "kubernetes.json.gz"
KEPT = {
    "$ref",
    "additionalProperties",
    "format",
    "items",
    "properties",
    "required",
    "type",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
}


def essential(schema: dict[str, Any]) -> dict[str, Any]:
    """Reduce a schema to the keywords in `KEPT`, all the way down."""
    kept = {key: value for key, value in schema.items() if key in KEPT}
    for nested in ("items", "additionalProperties"):
        if isinstance(kept.get(nested), dict):
            kept[nested] = essential(kept[nested])
    if "properties" in kept:
        kept["properties"] = {name: essential(field) for name, field in kept["properties"].items()}
    return kept


def main() -> None:
    """Regenerate the schema file, byte for byte the same for the same version."""
    folder = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"],  # noqa: S607 - the machine's Go
        cwd=WRAPPER,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    swagger = json.loads((Path(folder) / "api/openapi-spec/swagger.json").read_text())
    definitions = {name: essential(schema) for name, schema in swagger["definitions"].items()}
    document = {"version": Path(folder).name.partition("@v")[2], "definitions": definitions}
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    SCHEMA.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{SCHEMA.name}: Kubernetes {document['version']}, {len(definitions)} definitions")


if __name__ == "__main__":
    main()
