"""The engine's events as records: of its JSON, what is read and no more."""

from __future__ import annotations

from typing import Any, Final

import msgspec

__all__ = [
    "DiagnosticEvent",
    "EngineEvent",
    "ResourceEvent",
    "ResourceState",
    "StepEventMetadata",
    "SummaryEvent",
    "parse",
]


class _Record(msgspec.Struct, rename="camel"):
    """One of the engine's objects, whose fields are named as JSON does."""


class ResourceState(_Record):
    """A resource as it was, or as it will be."""

    urn: str = ""
    parent: str = ""
    provider: str = ""
    inputs: dict[str, Any] | None = None
    outputs: msgspec.Raw = msgspec.Raw(b"null")  # large, and of few resources looked at

    def is_unfinished_release(self) -> bool:
        """Whether it is a Helm release that a Helm has begun to change and not ended."""
        found = msgspec.json.decode(self.outputs) or {}
        status = str((found.get("status") or {}).get("status", ""))
        return status.startswith("pending-") or status == "uninstalling"


class StepEventMetadata(_Record):
    """What is done to a resource."""

    op: str
    urn: str
    type: str
    provider: str = ""
    old: ResourceState | None = None
    new: ResourceState | None = None
    diffs: list[str] | None = None
    detailed_diff: dict[str, Any] | None = None


class ResourceEvent(_Record):
    """Something is about to be done to a resource, was done, or failed."""

    metadata: StepEventMetadata


class DiagnosticEvent(_Record):
    """Something that the engine, a provider or the program says."""

    message: str
    severity: str
    urn: str = ""
    ephemeral: bool = False


class SummaryEvent(_Record):
    """How many resources were changed, by operation."""

    resource_changes: dict[str, int] | None = None


class EngineEvent(_Record):
    """One line of the engine's output; what it is about is the field that is set."""

    resource_pre_event: ResourceEvent | None = None
    res_outputs_event: ResourceEvent | None = None
    res_op_failed_event: ResourceEvent | None = None
    diagnostic_event: DiagnosticEvent | None = None
    summary_event: SummaryEvent | None = None


parse: Final = msgspec.json.Decoder(EngineEvent).decode
