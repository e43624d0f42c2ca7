"""`ScaledObject`: a workload that KEDA scales by what waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

from components.base.custom_resource import CustomResource
from components.base.typed import Typed
from components.core.namespace import name_of
from components.errors import DeclarationError
from components.lib.manifests import fields
from components.lib.manifests.identity import Identity
from components.workloads.application import Application
from components.workloads.target import Target, as_target, first_of
from components.workloads.trigger import Trigger
from components.workloads.triggers import ResourceTrigger

__all__ = ["Fallback", "ScaledObject", "ScaledObjectArgs"]


@dataclass(frozen=True, kw_only=True)
class Fallback(Typed):
    """How many replicas there are while a trigger cannot be asked.

    Attributes:
        failure_threshold: after how many failures in a row.
        replicas: how many.
        behavior: whether it is always `replicas`, as by default (`static`), or what there is,
            alone or where that is more or less.

    """

    failure_threshold: int
    replicas: int
    behavior: (
        Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]
        | None
    ) = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("failure_threshold", "replicas"):
            fields.replicas(f"Fallback: {name}", getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class ScaledObjectArgs:
    """Arguments of `ScaledObject`.

    Attributes:
        target: the application or workload that is scaled.
        triggers: what it is scaled by; at least one.
        min_replicas: the fewest; by default 0.
        max_replicas: the most; by default 100.
        idle_replicas: how many while no trigger is active; by default `min_replicas`.
        polling_interval: how often the triggers are asked; by default `30s`.
        cooldown_period: how long no trigger has to be active before it is scaled to zero;
            by default `5m`.
        initial_cooldown_period: how long after it was made it is not scaled to zero; by default 0.
        environment_container: whose variables the triggers' `…_from_env` name; by default
            the target's first container.
        fallback: by default none.
        advanced: `spec.advanced` as KEDA has it: the autoscaler's behaviour, formulas.
        extra: fields of `spec` that a newer KEDA has.
        timeout: how long the object may take; by default `5m`.

    """

    target: Application | Target
    triggers: Sequence[Trigger]
    min_replicas: int = 0
    max_replicas: int = 100
    idle_replicas: int | None = None
    polling_interval: str = "30s"
    cooldown_period: str = "5m"
    initial_cooldown_period: str = ""
    environment_container: str = ""
    fallback: Fallback | None = None
    advanced: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: str = "5m"


class ScaledObject(CustomResource):
    """A workload that KEDA scales by what waits for it.

    KEDA then owns the number of replicas, so an `Application` that is scaled
    says `replicas=None`. Answers to the guide's `keda/scaledobject.yaml`.
    """

    api_version = "keda.sh/v1alpha1"
    kind = "ScaledObject"

    def __init__(
        self, name: str, args: ScaledObjectArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the object `name`, in its target's namespace."""
        authentications = [trigger.authentication for trigger in args.triggers]
        super().__init__(
            "keda:ScaledObject", name, opts, needs=(*first_of(args.target), *authentications)
        )
        self.args = args
        self.target = as_target(args.target)
        self.declare(name_of(self.target.namespace), args.extra, args.timeout)

    def check_references(self, declared: Collection[Identity]) -> None:
        """Refuse a target that nothing declares."""
        self.target.check(declared)

    def _check(self) -> None:
        args = self.args
        for part in ("min_replicas", "max_replicas"):
            fields.replicas(part, getattr(args, part))
        if args.min_replicas > args.max_replicas:
            raise DeclarationError("min_replicas is above max_replicas")
        if args.idle_replicas is not None and args.idle_replicas >= args.min_replicas:
            raise DeclarationError("idle_replicas has to be below min_replicas")
        if isinstance(args.target, Application) and args.target.args.replicas is not None:
            raise DeclarationError(
                f"target: {args.target.name} sets its replicas itself, and KEDA would too; "
                "declare it with replicas=None"
            )

    def _check_triggers(self) -> None:
        triggers, args = self.args.triggers, self.args
        if not triggers:
            raise DeclarationError("triggers: at least one is needed")
        named = [trigger.name for trigger in triggers if trigger.name]
        for name in named:
            if named.count(name) > 1:
                raise DeclarationError(f"triggers: {name!r} is the name of more than one")
        asked = [trigger for trigger in triggers if not isinstance(trigger, ResourceTrigger)]
        if not asked and args.min_replicas == 0:
            raise DeclarationError(
                "min_replicas: has to be 1 or more where only cpu or memory scale, "
                "which no pod uses while there is none"
            )
        if (
            args.fallback
            and "scalingModifiers" not in args.advanced
            and all(trigger.metric_type == "Value" for trigger in asked)
        ):
            raise DeclarationError(
                "fallback: needs a trigger that is not cpu or memory, "
                'with metric_type="AverageValue", which is KEDA\'s default'
            )

    def spec(self) -> Mapping[str, Any]:
        """Return the fields of the object's `spec`."""
        self._check()
        self._check_triggers()
        args = self.args
        container, initial = args.environment_container, args.initial_cooldown_period
        return {
            "scaleTargetRef": {
                **self.target.reference(),
                **({"envSourceContainerName": container} if container else {}),
            },
            "pollingInterval": fields.duration("polling_interval", args.polling_interval),
            "cooldownPeriod": fields.duration("cooldown_period", args.cooldown_period),
            "initialCooldownPeriod": fields.duration("initial_cooldown_period", initial)
            if initial
            else None,
            "minReplicaCount": args.min_replicas,
            "maxReplicaCount": args.max_replicas,
            "idleReplicaCount": args.idle_replicas,
            "fallback": args.fallback.as_fields() if args.fallback else None,
            "advanced": args.advanced,
            "triggers": [trigger.manifest() for trigger in args.triggers],
        }
