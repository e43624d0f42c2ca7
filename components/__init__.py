"""What can be declared: Pulumi component resources, one concept a file.

How a change reaches a cluster belongs in `sluice`, what an environment
consists of in `stacks`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from components.alert import Alert, AlertArgs, AlertType, SecretReference
    from components.application import Application, ApplicationArgs, Autoscaling, Probe
    from components.artifacts.locked_image import ReflectionPolicy
    from components.artifacts.verification import CosignVerification, OIDCIdentity
    from components.canary import (
        Canary,
        CanaryAnalysis,
        CanaryArgs,
        CanaryMetric,
        CanaryService,
        CanaryWebhook,
        TemplateReference,
        ThresholdRange,
    )
    from components.component import Component
    from components.deployment import deploy
    from components.environment import Environment, member
    from components.errors import ArtifactError, DeclarationError, SluiceError
    from components.external_secret import ExternalSecret, ExternalSecretArgs, RemoteKey
    from components.git_repository import GitRef, GitRepository, GitRepositoryArgs
    from components.health import Condition, Expression, JSONPath
    from components.health_check import HealthCheck, HealthCheckArgs
    from components.helm_release import CRDsPolicy, HelmRelease, HelmReleaseArgs
    from components.helm_repository import HelmRepository
    from components.ignore import Ignore
    from components.image_policy import ImagePolicy, ImagePolicyArgs
    from components.image_repository import ImageRepository, ImageRepositoryArgs
    from components.image_update_automation import (
        ImageUpdateAutomation,
        ImageUpdateAutomationArgs,
        SigningKey,
    )
    from components.kustomization import (
        CommonMetadata,
        HealthReference,
        Kustomization,
        KustomizationArgs,
    )
    from components.manifests.kustomize import ImageOverride
    from components.manifests.patch import Patch
    from components.namespace import Namespace, NamespaceArgs, NetworkIsolation, PodSecurity
    from components.oci_repository import OCIRepository
    from components.policies.alphabetical import AlphabeticalPolicy
    from components.policies.numerical import NumericalPolicy
    from components.policies.order import Order
    from components.policies.semver import SemVerPolicy
    from components.policies.tag_filter import TagFilter
    from components.post_renderer import PostRenderer
    from components.references import DataReference
    from components.scaled_object import Fallback, ScaledObject, ScaledObjectArgs
    from components.sealed_secret import SealedSecret, SealedSecretArgs
    from components.secret_store import (
        AWSProvider,
        ClusterSecretStore,
        KubernetesProvider,
        OtherProvider,
        SecretKeySelector,
        SecretStore,
        StoreArgs,
        VaultProvider,
    )
    from components.settings import Setting
    from components.sops_secret import SopsSecret, SopsSecretArgs
    from components.target import Target
    from components.trigger_authentication import (
        SecretKey,
        TriggerAuthentication,
        TriggerAuthenticationArgs,
    )
    from components.triggers import (
        CPU,
        Cron,
        Kafka,
        Memory,
        OtherTrigger,
        Prometheus,
        RabbitMQ,
        RedisList,
    )
    from components.values_reference import ValuesReference

__all__ = [
    "CPU",
    "AWSProvider",
    "Alert",
    "AlertArgs",
    "AlertType",
    "AlphabeticalPolicy",
    "Application",
    "ApplicationArgs",
    "ArtifactError",
    "Autoscaling",
    "CRDsPolicy",
    "Canary",
    "CanaryAnalysis",
    "CanaryArgs",
    "CanaryMetric",
    "CanaryService",
    "CanaryWebhook",
    "ClusterSecretStore",
    "CommonMetadata",
    "Component",
    "Condition",
    "CosignVerification",
    "Cron",
    "DataReference",
    "DeclarationError",
    "Environment",
    "Expression",
    "ExternalSecret",
    "ExternalSecretArgs",
    "Fallback",
    "GitRef",
    "GitRepository",
    "GitRepositoryArgs",
    "HealthCheck",
    "HealthCheckArgs",
    "HealthReference",
    "HelmRelease",
    "HelmReleaseArgs",
    "HelmRepository",
    "Ignore",
    "ImageOverride",
    "ImagePolicy",
    "ImagePolicyArgs",
    "ImageRepository",
    "ImageRepositoryArgs",
    "ImageUpdateAutomation",
    "ImageUpdateAutomationArgs",
    "JSONPath",
    "Kafka",
    "KubernetesProvider",
    "Kustomization",
    "KustomizationArgs",
    "Memory",
    "Namespace",
    "NamespaceArgs",
    "NetworkIsolation",
    "NumericalPolicy",
    "OCIRepository",
    "OIDCIdentity",
    "Order",
    "OtherProvider",
    "OtherTrigger",
    "Patch",
    "PodSecurity",
    "PostRenderer",
    "Probe",
    "Prometheus",
    "RabbitMQ",
    "RedisList",
    "ReflectionPolicy",
    "RemoteKey",
    "ScaledObject",
    "ScaledObjectArgs",
    "SealedSecret",
    "SealedSecretArgs",
    "SecretKey",
    "SecretKeySelector",
    "SecretReference",
    "SecretStore",
    "SemVerPolicy",
    "Setting",
    "SigningKey",
    "SluiceError",
    "SopsSecret",
    "SopsSecretArgs",
    "StoreArgs",
    "TagFilter",
    "Target",
    "TemplateReference",
    "ThresholdRange",
    "TriggerAuthentication",
    "TriggerAuthenticationArgs",
    "ValuesReference",
    "VaultProvider",
    "deploy",
    "member",
]

_MODULES: Final = {
    "SealedSecret": "components.sealed_secret",
    "SealedSecretArgs": "components.sealed_secret",
    "ExternalSecret": "components.external_secret",
    "ExternalSecretArgs": "components.external_secret",
    "RemoteKey": "components.external_secret",
    "AWSProvider": "components.secret_store",
    "ClusterSecretStore": "components.secret_store",
    "KubernetesProvider": "components.secret_store",
    "OtherProvider": "components.secret_store",
    "SecretKeySelector": "components.secret_store",
    "SecretStore": "components.secret_store",
    "StoreArgs": "components.secret_store",
    "VaultProvider": "components.secret_store",
    "Condition": "components.health",
    "Expression": "components.health",
    "JSONPath": "components.health",
    "HealthCheck": "components.health_check",
    "HealthCheckArgs": "components.health_check",
    "SopsSecret": "components.sops_secret",
    "SopsSecretArgs": "components.sops_secret",
    "Alert": "components.alert",
    "AlertArgs": "components.alert",
    "AlertType": "components.alert",
    "AlphabeticalPolicy": "components.policies.alphabetical",
    "Canary": "components.canary",
    "CanaryAnalysis": "components.canary",
    "CanaryArgs": "components.canary",
    "CanaryMetric": "components.canary",
    "CanaryService": "components.canary",
    "CanaryWebhook": "components.canary",
    "TemplateReference": "components.canary",
    "ThresholdRange": "components.canary",
    "Fallback": "components.scaled_object",
    "ScaledObject": "components.scaled_object",
    "ScaledObjectArgs": "components.scaled_object",
    "Target": "components.target",
    "SecretKey": "components.trigger_authentication",
    "TriggerAuthentication": "components.trigger_authentication",
    "TriggerAuthenticationArgs": "components.trigger_authentication",
    "CPU": "components.triggers",
    "Cron": "components.triggers",
    "Kafka": "components.triggers",
    "Memory": "components.triggers",
    "OtherTrigger": "components.triggers",
    "Prometheus": "components.triggers",
    "RabbitMQ": "components.triggers",
    "RedisList": "components.triggers",
    "Application": "components.application",
    "ApplicationArgs": "components.application",
    "ArtifactError": "components.errors",
    "Autoscaling": "components.application",
    "CRDsPolicy": "components.helm_release",
    "CommonMetadata": "components.kustomization",
    "Component": "components.component",
    "CosignVerification": "components.artifacts.verification",
    "DataReference": "components.references",
    "DeclarationError": "components.errors",
    "Environment": "components.environment",
    "GitRef": "components.git_repository",
    "GitRepository": "components.git_repository",
    "GitRepositoryArgs": "components.git_repository",
    "HealthReference": "components.kustomization",
    "HelmRelease": "components.helm_release",
    "HelmReleaseArgs": "components.helm_release",
    "HelmRepository": "components.helm_repository",
    "Ignore": "components.ignore",
    "ImageOverride": "components.manifests.kustomize",
    "ImageUpdateAutomation": "components.image_update_automation",
    "ImageUpdateAutomationArgs": "components.image_update_automation",
    "ImagePolicy": "components.image_policy",
    "ImagePolicyArgs": "components.image_policy",
    "ImageRepository": "components.image_repository",
    "ImageRepositoryArgs": "components.image_repository",
    "Kustomization": "components.kustomization",
    "KustomizationArgs": "components.kustomization",
    "Namespace": "components.namespace",
    "NamespaceArgs": "components.namespace",
    "NetworkIsolation": "components.namespace",
    "NumericalPolicy": "components.policies.numerical",
    "OCIRepository": "components.oci_repository",
    "OIDCIdentity": "components.artifacts.verification",
    "Order": "components.policies.order",
    "Patch": "components.manifests.patch",
    "PodSecurity": "components.namespace",
    "PostRenderer": "components.post_renderer",
    "Probe": "components.application",
    "ReflectionPolicy": "components.artifacts.locked_image",
    "SemVerPolicy": "components.policies.semver",
    "Setting": "components.settings",
    "SigningKey": "components.image_update_automation",
    "SecretReference": "components.alert",
    "SluiceError": "components.errors",
    "ValuesReference": "components.values_reference",
    "TagFilter": "components.policies.tag_filter",
    "deploy": "components.deployment",
    "member": "components.environment",
}


def __getattr__(name: str) -> Any:
    """Return a name when it is first used: Pulumi, which most need, loads for a quarter second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
