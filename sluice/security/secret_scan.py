"""Secrets that stand in plain text in the repository's files, found before they are committed.

Keys and tokens are known by the detectors of detect-secrets whose form says
what they are; those that guess, by entropy or by a word beside, are not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from detect_secrets.core.plugins import initialize
from detect_secrets.plugins.base import BasePlugin

from components.errors import DeclarationError
from components.lib.manifests import documents
from components.secrets.sops import is_encrypted

__all__ = ["Finding", "findings"]

_LARGEST: Final = 1_000_000
# As detect-secrets itself has it.
_ALLOWED: Final = "pragma: allowlist secret"
_DETECTORS: Final = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
_AGE: Final = re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b")
_YAML: Final = (".yaml", ".yml", ".json")
_SECRET: Final = re.compile(r"""^[\s-]*["']?kind["']?\s*:\s*["']?Secret\b""", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Finding:
    """A secret in plain text.

    Attributes:
        path: the file, relative to the root.
        line: its line, from 1.
        what: what it is; never the value.

    """

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def findings(root: Path, paths: Sequence[str]) -> list[Finding]:
    """Return the plain secrets of some files: Kubernetes Secrets, keys, tokens, plain SOPS files.

    A line with `pragma: allowlist secret` is let through, and so is what SOPS has encrypted.

    Raises:
        DeclarationError: where `.sops.yaml` cannot be read.

    """
    rules = _rules(root)
    return sorted(found for path in paths for found in _in_file(root / path, path, rules))


def _in_file(file: Path, path: str, rules: Sequence[re.Pattern[str]]) -> Iterator[Finding]:
    text = _text(file)
    if text is None or is_encrypted(text):
        return
    if any(rule.search(path) for rule in rules):
        yield Finding(path, 1, f"is to be encrypted, as .sops.yaml says; {_encrypt(path)}")
    lines = text.splitlines()
    for line, what in {**_tokens(text, lines), **_manifests(path, text)}.items():
        if _ALLOWED not in lines[line - 1]:
            yield Finding(path, line, what)


def _text(file: Path) -> str | None:
    if not file.is_file() or file.is_symlink() or file.stat().st_size > _LARGEST:
        return None
    content = file.read_bytes()
    return None if b"\0" in content else content.decode(errors="replace")


def _tokens(text: str, lines: Sequence[str]) -> dict[int, str]:
    # A whole file at once is twenty times as fast as its lines, most of which hold nothing.
    suspects = [each for each in _detectors() if any(each.analyze_string(text))]
    return {
        number: f"{name} in plain text"
        for number, line in enumerate(lines, 1)
        for name in _names(line, suspects)
    }


def _names(line: str, suspects: Sequence[BasePlugin]) -> Iterator[str]:
    if _AGE.search(line):
        yield "age key"
    yield from (each.secret_type for each in suspects if any(each.analyze_string(line)))


@cache
def _detectors() -> tuple[BasePlugin, ...]:
    return tuple(initialize.from_plugin_classname(name) for name in _DETECTORS)


def _manifests(path: str, text: str) -> dict[int, str]:
    """Find Kubernetes Secrets that hold values, by the line of their kind."""
    if not path.endswith(_YAML) or not _SECRET.search(text):
        return {}
    try:
        found = [each for each in documents.load_all(text, where=path) if isinstance(each, Mapping)]
    except DeclarationError:
        return {}  # a template, or no YAML: what reads it says so
    lines = [text.count("\n", 0, match.start(0) + 1) + 1 for match in _SECRET.finditer(text)]
    secrets = [each for each in _flat(found) if each.get("kind") == "Secret"]
    return {
        line: f"a Kubernetes Secret with plain values; {_encrypt(path)}"
        for line, each in zip(lines, secrets, strict=False)
        if any(_has_values(each.get(field)) for field in ("data", "stringData"))
    }


def _flat(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in found:
        if str(each.get("kind", "")).endswith("List"):
            yield from (item for item in each.get("items") or () if isinstance(item, Mapping))
        else:
            yield each


def _has_values(values: Any) -> bool:
    # A ${variable} is put in later, and is no value.
    given = values.values() if isinstance(values, Mapping) else ()
    return any(value and not re.fullmatch(r"\$\{[^}]+\}", str(value)) for value in given)


def _rules(root: Path) -> list[re.Pattern[str]]:
    """Return which files `.sops.yaml` wants encrypted, where it names them."""
    file = root / ".sops.yaml"
    if not file.is_file():
        return []
    rules = documents.load_file(file).get("creation_rules") or ()
    patterns = [str(rule["path_regex"]) for rule in rules if rule.get("path_regex")]
    try:
        return [re.compile(pattern) for pattern in patterns]
    except re.error as error:
        raise DeclarationError(f".sops.yaml: path_regex: {error}") from None


def _encrypt(path: str) -> str:
    return f"run: sluice secret encrypt {path}"
