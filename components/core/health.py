"""Whether a live object is healthy, by a condition, a JSONPath or an expression: pure evaluation.

The words are kstatus', as Flux uses them; the expressions are those of
`spec.healthCheckExprs` of Flux's Kustomization.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from components.errors import DeclarationError

__all__ = ["Condition", "Criterion", "Expression", "Health", "JSONPath", "Verdict", "parse"]

_JSONPATH = re.compile(r"\{(?P<path>\.[^{}]+)\}(=(?P<value>.*))?")


class Health(StrEnum):
    """How an object is."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"


@dataclass(frozen=True)
class Verdict:
    """What a test finds.

    Attributes:
        health: how the object is.
        message: what was looked at, as it is: `condition Ready is False (Failed): no disk`.

    """

    health: Health
    message: str


class Criterion(Protocol):
    """What an object has to be to be healthy."""

    def verdict(self, live: Mapping[str, Any]) -> Verdict:
        """Look at a live object."""
        ...

    @property
    def wait_for(self) -> str | None:
        """The same as `pulumi.com/waitFor` says it; None where it cannot."""
        ...


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of the object's status, as `kubectl wait --for=condition=` has it.

    Attributes:
        type: the condition's type; by default `Ready`.
        status: the status that it has to have; by default `True`.

    """

    type: str = "Ready"
    status: str = "True"

    def verdict(self, live: Mapping[str, Any]) -> Verdict:
        """Find the condition; one of an older generation is still in progress."""
        found = _condition(live, self.type)
        if found is None:
            return Verdict(Health.IN_PROGRESS, f"there is no condition {self.type}")
        healthy = found.get("status") == self.status and _is_observed(live)
        old = "" if _is_observed(live) else ", of an older generation"
        return Verdict(Health.CURRENT if healthy else Health.IN_PROGRESS, f"{_told(found)}{old}")

    @property
    def wait_for(self) -> str:
        """`condition=Ready`, with its status where that is not `True`."""
        return f"condition={self.type}" + ("" if self.status == "True" else f"={self.status}")


@dataclass(frozen=True, kw_only=True)
class JSONPath:
    """A field of the object, as `kubectl wait --for=jsonpath=` has it.

    Attributes:
        path: the field in braces: `{.status.phase}`.
        value: what it has to be, as text; by default it only has to be there.

    Raises:
        DeclarationError: where the path is none.

    """

    path: str
    value: str | None = None

    def __post_init__(self) -> None:
        from jsonpath_ng.exceptions import JSONPathError  # noqa: PLC0415 - rarely needed

        try:
            _parsed_path(self.path)
        except (JSONPathError, DeclarationError) as error:
            raise DeclarationError(
                f"jsonpath: {self.path!r} is no path such as {{.status.phase}}: {error}"
            ) from None

    def verdict(self, live: Mapping[str, Any]) -> Verdict:
        """Find the fields; each has to be as wanted, and there has to be one."""
        found = [_as_text(match.value) for match in _parsed_path(self.path).find(live)]
        if not found:
            return Verdict(Health.IN_PROGRESS, f"there is no {self.path}")
        healthy = self.value is None or all(value == self.value for value in found)
        return Verdict(
            Health.CURRENT if healthy else Health.IN_PROGRESS,
            f"{self.path} is {', '.join(found)}",
        )

    @property
    def wait_for(self) -> str:
        """`jsonpath={.status.phase}=Running`."""
        return f"jsonpath={self.path}" + ("" if self.value is None else f"={self.value}")


@dataclass(frozen=True, kw_only=True)
class Expression:
    """Expressions in CEL whose variables are the object's fields, as Flux has them.

    `in_progress` is asked first, then `failed`, then `current`: the first that
    is true decides. A field that is not there yet means in progress; `has()`
    asks for it. The optional syntax (`status.?conditions`) is not known.

    Attributes:
        current: true where the object is healthy.
        in_progress: true where it is not yet; by default never asked.
        failed: true where waiting longer is of no use; by default never asked.

    Raises:
        DeclarationError: where one is no CEL, or there is no `current`.

    """

    current: str
    in_progress: str = ""
    failed: str = ""

    def __post_init__(self) -> None:
        if not self.current:
            raise DeclarationError("health expression: current is required")
        for name, source in self._sources():
            _compiled(name, source)

    def verdict(self, live: Mapping[str, Any]) -> Verdict:
        """Ask the expressions in turn."""
        told = _main_condition(live)
        for (name, source), health in zip(
            self._sources(), (Health.IN_PROGRESS, Health.FAILED, Health.CURRENT), strict=True
        ):
            if not source:
                continue
            try:
                result = _compiled(name, source).execute(dict(live))
            except (LookupError, RuntimeError, TypeError, ValueError) as error:
                return Verdict(Health.IN_PROGRESS, f"{name}: {source}: not to be told: {error}")
            if not isinstance(result, bool):
                return Verdict(Health.FAILED, f"{name}: {source}: gives {result!r}, want a bool")
            if result:
                return Verdict(health, f"{name}: {source}{told}")
        return Verdict(Health.IN_PROGRESS, f"current: {self.current}: not yet{told}")

    @property
    def wait_for(self) -> None:
        """Pulumi knows no CEL."""
        return

    def _sources(self) -> tuple[tuple[str, str], ...]:
        return (
            ("in_progress", self.in_progress),
            ("failed", self.failed),
            ("current", self.current),
        )


def parse(text: str) -> Condition | JSONPath:
    """Read a test as `kubectl wait --for=` and `pulumi.com/waitFor` write it.

    Raises:
        DeclarationError: where it is neither `condition=…` nor `jsonpath=…`.

    """
    form, _, rest = text.partition("=")
    if form == "condition" and rest:
        kind, _, status = rest.partition("=")
        return Condition(type=kind, status=status or "True")
    if form == "jsonpath" and (parts := _JSONPATH.fullmatch(rest)):
        return JSONPath(path=f"{{{parts['path']}}}", value=parts["value"])
    raise DeclarationError(
        f"{text!r} is neither condition=Ready nor jsonpath={{.status.phase}}=Running"
    )


def _compiled(name: str, source: str) -> Any:
    if not source:
        return None
    import cel  # noqa: PLC0415 - rarely needed

    try:
        return cel.compile(source)
    except ValueError as error:
        reason = str(error).partition("ERROR: ")[2] or str(error)
        raise DeclarationError(
            f"health expression: {name}: {source!r} is no CEL: {reason.splitlines()[0]}"
        ) from None


def _parsed_path(path: str) -> Any:
    from jsonpath_ng.ext.parser import parse as parse_path  # noqa: PLC0415 - rarely needed

    parts = _JSONPATH.fullmatch(path)
    if not parts or parts["value"] is not None:
        raise DeclarationError("write it in braces")
    return parse_path("$" + parts["path"])


def _condition(live: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    conditions = (live.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), None)


def _is_observed(live: Mapping[str, Any]) -> bool:
    observed = (live.get("status") or {}).get("observedGeneration")
    return observed is None or observed >= live["metadata"].get("generation", 0)


def _main_condition(live: Mapping[str, Any]) -> str:
    for kind in ("Ready", "Available"):
        if found := _condition(live, kind):
            return f"; {_told(found)}"
    return ""


def _told(condition: Mapping[str, Any]) -> str:
    reason, message = condition.get("reason"), condition.get("message")
    because = (f" ({reason})" if reason else "") + (f": {message}" if message else "")
    return f"condition {condition.get('type')} is {condition.get('status')}{because}"


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
