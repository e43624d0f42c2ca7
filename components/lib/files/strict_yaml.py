"""YAML that people edit and merge by hand, read without surprises.

Every scalar is text, as it stands in the file (`version: 12.10` is not 12.1),
and a key that occurs twice is an error rather than a silent loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.errors import ArtifactError

__all__ = ["load_mapping"]


class _Loader(yaml.BaseLoader):
    """PyYAML's loader of plain text scalars, which refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                problem = f"the key {key.value!r} occurs twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load_mapping(path: Path) -> dict[str, Any]:
    """Return the top-level mapping of a file, empty where the file is missing or empty.

    Its values are text, lists and mappings. Raises ArtifactError naming file
    and line where it is not YAML, not UTF-8, not a mapping or cannot be read.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a BaseLoader makes text only
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{path} is not UTF-8 text; restore it from Git.") from error
    except yaml.YAMLError as error:
        raise ArtifactError(f"{path}{_place(error)}; correct it there.") from error
    if content in (None, ""):
        return {}
    if not isinstance(content, dict):
        raise ArtifactError(f"{path} holds no mapping of names to values; correct it.")
    return content


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f":{error.problem_mark.line + 1} is not valid: {error.problem}"
    return f" is not valid YAML: {' '.join(str(error).split())}"
