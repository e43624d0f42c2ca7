"""Post-build substitution of `${variables}` in manifests, as Flux's `postBuild.substitute` has it.

`${name}`, `${name:=default}`, `${name:-default}`, `${name:start}`,
`${name:start:length}` and `${name/old/new}`; `$${name}` stays `${name}`. An
object labelled or annotated `kustomize.toolkit.fluxcd.io/substitute: disabled`
is left alone. Other than in Flux, a variable without a value is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from components.errors import DeclarationError
from components.lib.manifests import documents

__all__ = ["is_disabled", "needed", "substitute", "substitute_leaves"]

_MARK = "kustomize.toolkit.fluxcd.io/substitute"
_EXPRESSION = re.compile(r"\$(\$)?\{([^{}]*)\}")
_FORM = re.compile(
    r"(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"(?::?[-=](?P<default>.*)|:(?P<start>\d+)(?::(?P<length>\d+))?|/(?P<old>[^/]+)/(?P<new>.*))?",
    re.DOTALL,
)


def substitute(text: str, variables: Mapping[str, str], *, where: str = "") -> str:
    """Replace each expression in a manifest's text.

    Raises:
        DeclarationError: where a variable has neither value nor default, or an
            expression is none of the forms above.

    """

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return match[0][1:]
        return _evaluate(match[0], match[2], variables, where)

    return _EXPRESSION.sub(value, text)


def is_disabled(manifest: Mapping[str, Any]) -> bool:
    """Whether the object asks to be left alone."""
    metadata = manifest.get("metadata") or {}
    marks = [(metadata.get(part) or {}).get(_MARK) for part in ("labels", "annotations")]
    return "disabled" in marks


def needed(text: str) -> set[str]:
    """Return the names of the variables that a text's expressions read."""
    forms = (_FORM.fullmatch(match[2]) for match in _EXPRESSION.finditer(text) if not match[1])
    return {form["name"] for form in forms if form}


def substitute_leaves(
    manifest: Any,
    variables: Mapping[str, str],
    later: Callable[[str, Callable[[Mapping[str, str]], Any]], Any],
    *,
    where: str = "",
) -> Any:
    """Replace the expressions of a manifest, where some of the variables are known only later.

    `later` gets each text that reads one of those, and what makes the value of
    it once they are known; it returns what stands there till then. A value
    that is not text in YAML (`3`, `true`) becomes one, as in the whole text.

    Raises:
        DeclarationError: as `substitute`, and where a key or what names the
            object depends on a variable that is known only later.

    """
    if not isinstance(manifest, Mapping):
        return manifest
    _check_known(manifest, variables, where)

    def leaf(text: str) -> Any:
        def value(known: Mapping[str, str]) -> Any:
            return _scalar(text, {**known, **variables}, where)

        return value({}) if needed(text) <= variables.keys() else later(text, value)

    return _walked(manifest, leaf)


def _walked(value: Any, leaf: Callable[[str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            str(leaf(key)) if "${" in key else key: _walked(item, leaf)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_walked(item, leaf) for item in value]
    return leaf(value) if isinstance(value, str) and "${" in value else value


def _check_known(manifest: Mapping[str, Any], variables: Mapping[str, str], where: str) -> None:
    metadata = manifest.get("metadata") or {}
    naming = [manifest.get("apiVersion"), manifest.get("kind"), metadata.get("name")]
    for text in [*naming, metadata.get("namespace"), *_keys(manifest)]:
        unknown = needed(text) - variables.keys() if isinstance(text, str) else ()
        if unknown:
            raise DeclarationError(
                f"{where}: {text!r} names an object or a field, so {min(unknown)!r} has to be "
                "known before the update: give it in substitute"
            )


def _keys(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    return [key for item in value for key in _keys(item)] if isinstance(value, list) else []


def _scalar(text: str, variables: Mapping[str, str], where: str) -> Any:
    """Return the text's value, read anew as the YAML that it was written as."""
    written = text if "\n" in text else documents.dump(text).removesuffix("...\n").strip()
    value = substitute(written, variables, where=where)
    return value if "\n" in value else documents.load(value, where=where)


def _evaluate(whole: str, expression: str, variables: Mapping[str, str], where: str) -> str:
    form = _FORM.fullmatch(expression)
    if form is None:
        raise DeclarationError(
            f"{where}: {whole} is not a substitution; write $${whole[1:]} for text"
        )
    value = variables.get(form["name"])
    if form["default"] is not None:
        return value or form["default"]
    if value is None:
        raise DeclarationError(
            f"{where}: {whole} has no value; add {form['name']!r} to substitute "
            f"or write ${{{form['name']}:=default}}"
        )
    if form["start"] is not None:
        start = int(form["start"])
        return value[start : start + int(form["length"])] if form["length"] else value[start:]
    return value.replace(form["old"], form["new"], 1) if form["old"] else value
