"""Post-build substitution of `${variables}` in manifests, as Flux's `postBuild.substitute` has it.

`${name}`, `${name:=default}`, `${name:-default}`, `${name:start}`,
`${name:start:length}` and `${name/old/new}`; `$${name}` stays `${name}`. An
object labelled or annotated `kustomize.toolkit.fluxcd.io/substitute: disabled`
is left alone. Other than in Flux, a variable without a value is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.errors import DeclarationError

__all__ = ["is_disabled", "substitute"]

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
