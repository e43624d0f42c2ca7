"""The work: a directory of ConfigMaps, a file each, of which one can be changed."""

from __future__ import annotations

from pathlib import Path

__all__ = ["LABEL", "name", "value", "write_manifests"]

LABEL = "app.kubernetes.io/part-of=benchmark"
_LABEL_KEY, _LABEL_VALUE = LABEL.split("=")


def name(number: int) -> str:
    """Return the name of an object."""
    return f"settings-{number:04}"


def value(number: int, *, changed: bool = False) -> str:
    """Return the data of an object; with `changed`, the first one's is another."""
    return f"value-{number}-changed" if changed and number == 0 else f"value-{number}"


def write_manifests(folder: Path, namespace: str, objects: int, *, changed: bool = False) -> None:
    """Write the directory, or change its first object."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1 if changed else objects):
        manifest = _manifest(namespace, number, changed=changed)
        (folder / f"{name(number)}.yaml").write_text(manifest)


def _manifest(namespace: str, number: int, *, changed: bool) -> str:
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name(number)}
  namespace: {namespace}
  labels:
    {_LABEL_KEY}: {_LABEL_VALUE}
data:
  setting: {value(number, changed=changed)}
  template: |
    listen 8080
    log level=info format=json
    upstream http://service-{number}.{namespace}.svc:8080 timeout=30s
"""
