"""`ValuesReference`: values of a Helm release that the cluster keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.errors import DeclarationError
from components.helm.values import merge_values, with_value
from components.lib.manifests import documents
from components.runtime.references import DataReference, Kind, text_of

__all__ = ["ValuesReference"]


@dataclass(frozen=True, kw_only=True)
class ValuesReference:
    """Values kept in an object of the release's namespace. Answers to Flux's `valuesFrom`.

    Attributes:
        kind: `ConfigMap` or `Secret`; what comes from a Secret stays secret.
        name: the object's name.
        key: the key that holds them; by default `values.yaml`.
        target_path: where the entry goes as a single value, as `helm --set` writes it
            (`auth.password`, `hosts[0].name`); by default the entry is YAML of values.
        optional: whether the object or its key may be absent; by default no.

    """

    kind: Kind
    name: str
    key: str = "values.yaml"
    target_path: str = ""
    optional: bool = False

    def source(self, namespace: str) -> DataReference:
        """Return the object that holds the values."""
        return DataReference(
            kind=self.kind, name=self.name, namespace=namespace, optional=self.optional
        )

    def laid_over(
        self, values: Mapping[str, Any], data: Mapping[str, str], namespace: str
    ) -> dict[str, Any]:
        """Return the values with those that the object's data holds laid over them.

        Raises:
            DeclarationError: where the key is not there, or does not hold values.

        """
        where = f"values_from: {self.source(namespace)}, key {self.key}"
        text = text_of(self.source(namespace), data, self.key)
        if text is None and not self.optional:
            raise DeclarationError(f"{where}: not there")
        if text is None:
            return dict(values)
        if self.target_path:
            return with_value(values, self.target_path, text)
        return merge_values(values, documents.load_values(text, where=where))
