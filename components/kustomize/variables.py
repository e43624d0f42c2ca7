"""Variables of a Kustomization whose values the cluster keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components.base.component import Component
from components.kustomize.substitution import needed
from components.runtime.references import DataReference, read_data, text_of

__all__ = ["Variables"]


class Variables:
    """The entries of ConfigMaps and Secrets, a later one's before an earlier one's.

    Answers to `postBuild.substituteFrom` of Flux's Kustomization. A value
    that a Secret's entry is part of is secret.
    """

    def __init__(self, component: Component, references: Sequence[DataReference]) -> None:
        """Read the references as children of `component`."""
        self._component = component
        found = [(each, read_data(component, each)) for each in references]
        self._references = [reference for reference, data in found if data is not None]
        self._data = pulumi.Output.all(*(data for _, data in found if data is not None))

    def later(self, text: str, value: Callable[[Mapping[str, str]], Any]) -> pulumi.Output[Any]:
        """Return what `value` makes of a text, once the variables are known."""
        names = needed(text)

        def evaluated(data: list[Mapping[str, str]]) -> Any:
            variables: dict[str, str] = {}
            from_secret: dict[str, bool] = {}
            for reference, entries in zip(self._references, data, strict=True):
                for name in names & entries.keys():
                    variables[name] = text_of(reference, entries, name) or ""
                    from_secret[name] = reference.kind == "Secret"
            made = value(variables)
            return pulumi.Output.secret(made) if any(from_secret.values()) else made

        return self._data.apply(lambda data: self._component.explained(evaluated, data))
