"""`HelmTest`: whether and how the tests of a chart are run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.lib.manifests import fields

__all__ = ["HelmTest", "HelmTestFilter"]


@dataclass(frozen=True, kw_only=True)
class HelmTestFilter:
    """A test of a chart that is run, or with `exclude` is not; `spec.test.filters` of Flux.

    Attributes:
        name: the name of its object, as it is rendered.
        exclude: whether it is left out; by default it is chosen.

    """

    name: str
    exclude: bool = False

    def __str__(self) -> str:
        """Return it as Helm writes it."""
        return f"{'!' if self.exclude else ''}name={self.name}"


@dataclass(frozen=True, kw_only=True)
class HelmTest:
    """The tests of a chart, run after each install and upgrade, until they have succeeded.

    Answers to `spec.test` of Flux's HelmRelease.

    Attributes:
        timeout: how long one of them may take; by default `5m`.
        ignore_failures: whether a failed test is only warned of; by default it fails
            the deployment.
        filters: which of them are run; by default all.

    """

    timeout: str = "5m"
    ignore_failures: bool = False
    filters: Sequence[HelmTestFilter] = ()

    def declaration(self, namespace: str, release: str, tenant: str = "") -> Mapping[str, Any]:
        """Return what `sluice` reads of it; raises DeclarationError where it is wrong.

        `tenant` is whose account deploys the release; empty where that is the stack's.
        """
        return {
            "namespace": namespace,
            "release": release,
            "tenant": tenant,
            "timeoutSeconds": fields.duration("test.timeout", self.timeout),
            "ignoreFailures": self.ignore_failures,
            "filters": [str(each) for each in self.filters],
        }
